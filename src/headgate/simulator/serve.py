"""Runs the simulator on Granian, in this process."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from headgate.simulator.app import create_app
from headgate.simulator.settings import Settings

_BACKLOG = 1_024
_ASK_AGAIN_S = 0.01
_DRAIN_S = 1
"""How long running answers may go on at the end; a stall would hold the process for as long as it lasts."""


def run(
    host: str,
    port: int,
    settings: Settings,
    *,
    until_stdin_closes: bool = False,
    on_ready: Callable[[int], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        host: address to listen on. The simulator authenticates nobody: a loopback one unless the network is trusted.
        port: port to listen on; 0 for one that is free.
        settings: knobs and the limit of the bill.
        until_stdin_closes: also stop at the end of standard input, so that a child never outlives its parent.
        on_ready: called once with the port, when connections are accepted.

    Raises:
        OSError: the address is in use, or is none of this machine's.
    """
    host, port = _free_address(host, port)
    asyncio.run(_serve(host, port, settings, until_stdin_closes=until_stdin_closes, on_ready=on_ready))


async def _serve(
    host: str, port: int, settings: Settings, *, until_stdin_closes: bool, on_ready: Callable[[int], None] | None
) -> None:
    server = Server(
        create_app(settings),
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        backlog=_BACKLOG,
        websockets=False,
        log_enabled=False,
        http1_settings=HTTP1Settings(max_buffer_size=1024 * 1024),
    )
    server.workers_kill_timeout = _DRAIN_S
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    if until_stdin_closes:
        loop.add_reader(sys.stdin.fileno(), _stop_at_end_of_input, loop, server)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(_serve_until_stopped(server))
        if on_ready is not None:
            announcing = tasks.create_task(_announce(host, port, on_ready))
            serving.add_done_callback(lambda _: announcing.cancel())


async def _serve_until_stopped(server: Server) -> None:
    try:
        await server.serve()
    except TimeoutError:
        # The drain is over: what still runs is cancelled with the event loop, and billed as far as it got.
        return


async def _announce(host: str, port: int, on_ready: Callable[[int], None]) -> None:
    """Granian does not say when it listens, so ask it the way a client would."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(_ASK_AGAIN_S)
            continue
        writer.close()
        on_ready(port)
        return


def _free_address(host: str, port: int) -> tuple[str, int]:
    """The numeric address, if nobody has it: Granian shares ports, and two simulators on one would split the bill."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        numeric, free, *_ = probe.getsockname()
        return str(numeric), int(free)


def _stop_at_end_of_input(loop: asyncio.AbstractEventLoop, server: Server) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        loop.remove_reader(sys.stdin.fileno())
        server.stop()
