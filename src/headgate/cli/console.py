"""Runs the control plane on Granian."""

import ctypes
import os
import signal
import sys

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

THREADS = 4
_PR_SET_PDEATHSIG = 1


def run_console(host: str, port: int) -> int:
    """Serve pages until SIGTERM or SIGINT.

    Returns:
        0.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "headgate.control.settings")
    os.register_at_fork(after_in_child=_end_with_parent)
    Server(
        "headgate.control.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        websockets=False,
        log_level=LogLevels.error,
    ).serve()
    return 0


def _end_with_parent() -> None:
    """Granian forks the process that answers; a `kill -9` of the one above must not leave it on the port for ever."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
