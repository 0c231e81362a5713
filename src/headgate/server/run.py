"""Runs one data-plane worker on Granian's embedded server: one process, one event loop, one journal."""

import asyncio
import logging
import os
import signal
import threading
from pathlib import Path

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from headgate.infra import clock
from headgate.infra.ingest_lock import ingest_runs
from headgate.infra.settings import read_settings
from headgate.server.app import App
from headgate.server.compose import Worker
from headgate.server.rsgi import application

MAX_CONNECTIONS = 16_384
MAX_HEADER_BYTES = 128 * 1024


INGEST_WITHIN_S = 30.0
"""How long a gateway waits for the worker role of its node, which may be starting too."""


class NoIngestError(Exception):
    """Nobody posts this node's journals: what a gateway draws would never come back."""


def run_worker(host: str, port: int) -> int:
    """Serve until SIGTERM or SIGINT, then drain. Several workers share a port (SO_REUSEPORT).

    Returns:
        0 after a stop, 1 when the lease store does not know us any more.

    Raises:
        NoIngestError: nobody ingests this node's journals.
    """
    logging.getLogger("_granian").setLevel(logging.ERROR)
    settings = read_settings(os.environ)
    if not _ingest_runs_within(settings.data_dir, INGEST_WITHIN_S):
        message = f"no worker role ingests {settings.data_dir}: start 'headgate worker' on this node first."
        raise NoIngestError(message)
    return uvloop.run(_serve(Worker(settings, os.environ), host, port))


def _ingest_runs_within(data_dir: Path, seconds: float) -> bool:
    deadline = clock.monotonic() + seconds
    while not ingest_runs(data_dir):
        if clock.monotonic() > deadline:
            return False
        threading.Event().wait(0.1)
    return True


async def _serve(worker: Worker, host: str, port: int) -> int:
    server = Server(
        application(App(worker)),
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=4096,
        backpressure=MAX_CONNECTIONS,
        http1_settings=HTTP1Settings(max_buffer_size=MAX_HEADER_BYTES * 4),
        log_level=LogLevels.error,
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    await worker.start()
    serving = asyncio.ensure_future(server.serve())
    waiting = asyncio.ensure_future(stopping.wait())
    lost = asyncio.ensure_future(worker.lost.wait())
    await asyncio.wait({serving, waiting, lost}, return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        server.stop()
    await serving
    await worker.stop()
    return 1 if worker.lost.is_set() else 0
