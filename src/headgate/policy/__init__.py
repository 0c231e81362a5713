"""Whether a request may go."""
