"""A real control plane on a loopback port, a real browser in front of it."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
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


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a control plane with a few requests in it."""
    folder = tmp_path_factory.mktemp("console")
    surroundings = environment(folder)
    subprocess.run([sys.executable, str(Path(__file__).with_name("fill.py"))], env=surroundings, check=True)
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


def _await_start(server: "subprocess.Popen[str]") -> None:
    assert server.stdout is not None
    lines: list[str] = []
    for line in server.stdout:
        lines.append(line)
        if "Started worker" in line:
            return
    raise AssertionError("the server did not start:\n" + "".join(lines))
