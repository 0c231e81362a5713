"""The ASGI door of the data plane."""
