"""The trail of what administrators did: each entry carries the hash of the one before."""
