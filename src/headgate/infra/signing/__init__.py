"""Credentials that are no header that stays the same: signatures and tokens."""
