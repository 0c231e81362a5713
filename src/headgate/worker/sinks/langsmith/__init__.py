"""LangSmith: every request a run, every attempt a run below it."""
