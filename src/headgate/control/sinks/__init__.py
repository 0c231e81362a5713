"""Sinks: systems outside that are told of every request after it is in the books."""
