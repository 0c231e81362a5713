import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.kit.gateway import clean_environment, free_port, wait_until


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return b"<form" in answer.read()
    except (urllib.error.URLError, OSError):
        return False


@pytest.mark.timeout(120)
def test_the_console_shows_its_sign_in_page_until_it_is_told_to_stop(tmp_path: Path):
    environ = clean_environment(tmp_path / "data")
    headgate = [sys.executable, "-m", "headgate"]
    subprocess.run([*headgate, "migrate"], env=environ, check=True, capture_output=True)
    port = free_port()
    console = subprocess.Popen([*headgate, "console", "--port", str(port)], env=environ)
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/admin/login/"), what="the sign-in page")
        console.send_signal(signal.SIGTERM)
        assert 0 == console.wait(20)
    finally:
        console.kill()
        console.wait()
