"""A real control plane on a loopback port, a real browser in front of it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.kit.browsing import SIZES, Watched, chromium, sign_in, watching

ROOT = Path(__file__).parents[2]
PASSWORD = "a-password-for-the-browser"


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HEADGATE_", "DATABASE_URL"))}
    return {
        **kept,
        "PYTHONPATH": str(ROOT / "src"),
        "HEADGATE_DATA_DIR": str(folder),
        "HEADGATE_BOOTSTRAP_ADMIN_PASSWORD": PASSWORD,
        "DJANGO_SETTINGS_MODULE": "headgate.control.settings",
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def serving(folder: Path, fill: str, **more: str) -> Iterator[str]:
    """The address of a control plane that a script beside this file has filled."""
    surroundings = environment(folder) | more
    subprocess.run([sys.executable, str(Path(__file__).with_name(fill))], env=surroundings, check=True)
    port = free_port()
    command = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        [sys.executable, "-m", *command, "headgate.control.wsgi:application"],
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        _await_start(server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.communicate(timeout=20)


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a control plane with a few requests in it."""
    with serving(tmp_path_factory.mktemp("console"), "fill.py") as address:
        yield address


def _await_start(server: "subprocess.Popen[str]") -> None:
    assert server.stdout is not None
    lines: list[str] = []
    for line in server.stdout:
        lines.append(line)
        if "Started worker" in line:
            return
    raise AssertionError("the server did not start:\n" + "".join(lines))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Gone with its module: Playwright keeps an event loop running, beside which no test of another module starts one."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def session(browser: Browser, console: str) -> Any:
    """Cookies of the operator, who signed in through the page."""
    context = browser.new_context()
    sign_in(context.new_page(), console, "admin", PASSWORD)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(params=SIZES)
def watched(request: pytest.FixtureRequest, browser: Browser, session: Any) -> Iterator[Watched]:
    """A page of the operator, on a desktop and on a phone."""
    with watching(browser, request.param, "admin", session=session) as page:
        yield page
