"""Idempotency keys: which request holds one, and what it was answered."""
