"""Measures what governance costs: side by side, in one run, on pinned cores."""
