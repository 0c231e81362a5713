"""Budgets, their windows and leases, and dated adjustments."""
