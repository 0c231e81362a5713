"""The request log: one row per request, however it ended."""
