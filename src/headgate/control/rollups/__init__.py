"""Roll-ups: what analytics are read from, kept beside the books."""
