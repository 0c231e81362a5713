"""Primary keys of the control plane's rows."""

import uuid


def new_id() -> str:
    """Return a random UUID as 32 hex digits, the shape of every id in `domain/ids.py`."""
    return uuid.uuid4().hex
