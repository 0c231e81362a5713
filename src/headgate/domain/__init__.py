"""Nouns: ids, money, usage, conversation, principal, outcome, errors."""
