"""Virtual keys: the credential that a client shows us."""
