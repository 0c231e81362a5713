"""Published formats: parse and print only, unknown fields kept."""
