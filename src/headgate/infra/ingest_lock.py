"""The lock of a node's ingest: held by the one worker role that posts this node's journals."""

import fcntl
import os
import threading
from pathlib import Path

LOCK_FILE = "ingest.lock"


TRIES = 10
PAUSE_S = 0.05


def take_ingest_lock(data_dir: Path) -> int | None:
    """Take the lock for the life of this process.

    Returns:
        Its file descriptor; None when another process holds it.
    """
    handle = os.open(data_dir / LOCK_FILE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    for _ in range(TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # A gateway that only looks holds it for a moment.
            threading.Event().wait(PAUSE_S)
        else:
            return handle
    os.close(handle)
    return None


def ingest_runs(data_dir: Path) -> bool:
    """Whether a worker role ingests this node's journals: without it leases would never come back."""
    try:
        handle = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        # With the database elsewhere, the worker role may be the first that needs the folder.
        return False
    try:
        # Shared: two gateways that look at once must not see each other.
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
