"""Runs the control plane on Granian."""

import os

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

THREADS = 4


def run_console(host: str, port: int) -> int:
    """Serve pages until SIGTERM or SIGINT.

    Returns:
        0.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "headgate.control.settings")
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
