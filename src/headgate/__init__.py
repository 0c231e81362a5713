"""Headgate: a self-hosted AI gateway whose money is exact."""

__version__ = "0.1.0"
