"""Ingest and jobs."""
