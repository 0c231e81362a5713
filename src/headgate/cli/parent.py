"""A child never outlives its parent: standard input is a pipe that closes when the parent ends, however it ends."""

import os
import signal
import threading


def end_with_parent() -> None:
    """Send ourselves SIGTERM when standard input closes."""
    threading.Thread(target=_wait, name="parent", daemon=True).start()


def _wait() -> None:
    # Not through sys.stdin: a thread that waits inside its lock would hang every process that is forked meanwhile.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
