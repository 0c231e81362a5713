"""Tell systems outside of requests that are in the books."""
