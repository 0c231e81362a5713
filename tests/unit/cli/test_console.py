import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.kit.environment import clean_environment
from tests.kit.folders import fill_folder
from tests.kit.gateway import free_port, wait_until


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return b"<form" in answer.read()
    except (urllib.error.URLError, OSError):
        return False


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def runs(pid: int) -> bool:
    try:
        # A zombie waits for nobody but whoever inherited it.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.timeout(120)
def test_the_console_shows_its_sign_in_page_until_it_is_told_to_stop_or_killed(tmp_path: Path):
    fill_folder(tmp_path / "data")
    environ = clean_environment(tmp_path / "data")
    headgate = [sys.executable, "-m", "headgate"]
    port = free_port()
    console = subprocess.Popen([*headgate, "console", "--port", str(port)], env=environ)
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/admin/login/"), what="the sign-in page")
        console.send_signal(signal.SIGTERM)
        assert 0 == console.wait(20)

        console = subprocess.Popen([*headgate, "console", "--port", str(port)], env=environ)
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/admin/login/"), what="the sign-in page again")
        left = children_of(console.pid)
        assert left
        console.kill()
        wait_until(lambda: not any(runs(pid) for pid in left), what="the end of what a killed console leaves")
    finally:
        console.kill()
        console.wait()
