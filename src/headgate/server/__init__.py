"""The HTTP side of the data plane."""
