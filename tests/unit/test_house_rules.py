"""The rules of tests/conftest.py hold."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import structlog
from blockbuster import BlockingError, blockbuster_ctx

from headgate.cli.logs import configure_logs

ROOT = Path(__file__).parents[2]
DOCUMENTATION_ADDRESS = "192.0.2.1"


def test_an_address_beyond_this_machine_is_refused():
    with socket.socket() as plain, pytest.raises(RuntimeError, match="tests reach only this machine"):
        plain.connect((DOCUMENTATION_ADDRESS, 443))


def test_a_name_beyond_this_machine_is_not_even_looked_up():
    with pytest.raises(RuntimeError, match="tests reach only this machine"):
        socket.getaddrinfo("example.com", 443)


def test_loopback_is_reachable():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with socket.create_connection(address) as client:
            assert address == client.getpeername()


async def test_async_tests_run_under_anyio_and_blocking_is_seen():
    with blockbuster_ctx(), pytest.raises(BlockingError):
        time.sleep(0)  # noqa: ASYNC251 - what must be seen


def test_logs_are_configured_for_one_test():
    configure_logs()
    assert structlog.is_configured()


def test_what_the_test_before_configured_is_gone():
    assert not structlog.is_configured()


def run_pytest(folder: Path, environment: dict[str, str]) -> int:
    (folder / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text())
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, check=False, cwd=folder).returncode


@pytest.mark.parametrize(
    ("expected", "reason"),
    [(1, "no browser"), (0, "no recordings: set HEADGATE_SHARED")],
)
def test_where_skips_are_forbidden_only_the_recordings_may_be_absent(expected: int, reason: str, tmp_path: Path):
    body = f"import pytest\n\ndef test_something():\n    pytest.skip({reason!r})\n"
    (tmp_path / "test_skips.py").write_text(body)
    assert expected == run_pytest(tmp_path, {"HEADGATE_TEST_SKIPS": "forbidden"})


def test_elsewhere_a_skip_is_a_skip(tmp_path: Path):
    (tmp_path / "test_skips.py").write_text("import pytest\n\npytest.skip('no browser', allow_module_level=True)\n")
    assert 5 == run_pytest(tmp_path, {})


def test_a_module_that_skips_itself_fails_where_skips_are_forbidden(tmp_path: Path):
    (tmp_path / "test_skips.py").write_text("import pytest\n\npytest.skip('no browser', allow_module_level=True)\n")
    assert 0 != run_pytest(tmp_path, {"HEADGATE_TEST_SKIPS": "forbidden"})
