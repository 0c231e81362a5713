"""Policies: what an organization allows."""
