"""Answers by idempotency key: the `Replays` port over a table, in memory, in SQLite or in Postgres."""
