"""Runs one data-plane worker on Granian's embedded server: one process, one event loop, one journal."""

import asyncio
import logging
import os
import signal

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from headgate.infra.settings import read_settings
from headgate.server.app import App
from headgate.server.compose import Worker

MAX_CONNECTIONS = 16_384
MAX_HEADER_BYTES = 128 * 1024


def run_worker(host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then drain. Several workers share a port (SO_REUSEPORT)."""
    logging.getLogger("_granian").setLevel(logging.ERROR)
    worker = Worker(read_settings(os.environ), os.environ)
    uvloop.run(_serve(worker, host, port))


async def _serve(worker: Worker, host: str, port: int) -> None:
    server = Server(
        App(worker),
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
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
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        server.stop()
    await serving
    await worker.stop()
