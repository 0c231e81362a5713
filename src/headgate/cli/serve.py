"""`headgate serve`: everything on one port. Starts the roles as children, keeps them up, drains and stops them.

Children run in sessions of their own, so that Ctrl-C reaches only us and the order of stopping is ours: first the
gateways (they finish what runs), then the worker (it posts what they wrote), then the rest.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from headgate.cli.banner import banner
from headgate.cli.children import Child, stop_all
from headgate.infra.settings import SettingsError, read_settings

MAX_DEFAULT_WORKERS = 4
READY_WITHIN_S = 60.0
POLL_S = 0.1
DRAIN_MARGIN_S = 10.0


def serve(host: str, port: int, *, workers: int | None) -> int:
    """Run until SIGINT or SIGTERM.

    Returns:
        0 after a clean stop, 1 when something keeps it from starting (said in one line).
    """
    if reason := _port_taken(host, port):
        print(f"headgate serve: {host}:{port}: {reason}; choose another with PORT=...", file=sys.stderr)
        return 1
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    secrets = _set_up()
    if isinstance(secrets, int):
        return secrets
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        print(f"headgate serve: {error}", file=sys.stderr)
        return 1
    children = _children(host, port, workers or settings.workers or _default_workers())
    try:
        for child in children:
            child.start()
        if not _wait_until_ready(host, port, children, stop):
            return 0 if stop.is_set() else 1
        print(banner(host, port, secrets, settings.data_dir), flush=True)
        while not stop.wait(POLL_S):
            for child in children:
                child.keep_up()
    finally:
        print("Stopping: finishing what runs ...", file=sys.stderr, flush=True)
        stop_all(children, drain_s=settings.drain_s + DRAIN_MARGIN_S)
    return 0


def _default_workers() -> int:
    return min(MAX_DEFAULT_WORKERS, os.cpu_count() or 1)


def _set_up() -> dict[str, object] | int | None:
    """Migrate and fill in a process of its own, so that we stay small; gives the first start's secrets."""
    done = subprocess.run(
        [sys.executable, "-m", "headgate", "migrate", "--json"], stdout=subprocess.PIPE, check=False, text=True
    )
    if done.returncode:
        return done.returncode
    secrets: dict[str, object] | None = json.loads(done.stdout.splitlines()[-1])
    return secrets


def _children(host: str, port: int, workers: int) -> list[Child]:
    console_port, simulator_port = _free_port(), _free_port()
    environ = dict(os.environ)
    environ["HEADGATE_CONSOLE_URL"] = f"http://127.0.0.1:{console_port}"
    environ.setdefault("HEADGATE_SIMULATOR_URL", f"http://127.0.0.1:{simulator_port}")
    gateways = [
        Child(f"gateway {number}", ["gateway", "--host", host, "--port", str(port)], environ, stops=0)
        for number in range(1, workers + 1)
    ]
    return [
        Child("simulator", ["simulate", "--port", str(simulator_port)], environ, stops=2, quiet=True),
        Child("console", ["console", "--port", str(console_port)], environ, stops=2),
        Child("worker", ["worker"], environ, stops=1),
        *gateways,
    ]


def _port_taken(host: str, port: int) -> str | None:
    """Why we cannot listen there, or None. Without SO_REUSEPORT, so that another gateway's port is seen as taken."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return error.strerror or str(error)
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(host: str, port: int, children: list[Child], stop: threading.Event) -> bool:
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
    deadline = time.monotonic() + READY_WITHIN_S
    waiting = {f"http://{shown}:{port}/readyz", f"http://{shown}:{port}/admin/login/"}
    while waiting and time.monotonic() < deadline:
        waiting = {url for url in waiting if not _answers(url)}
        if waiting and stop.wait(POLL_S):
            return False
        for child in children:
            if child.failed():
                print(f"headgate serve: the {child.name} does not start; its reason is above.", file=sys.stderr)
                return False
    if waiting:
        print(f"headgate serve: not ready within {READY_WITHIN_S:.0f} s.", file=sys.stderr)
    return not waiting


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
