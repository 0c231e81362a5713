"""House rules for every test: only loopback is reachable, the event loop is never blocked, a skip cannot hide in CI."""

import ipaddress
import os
import sys
from collections.abc import Generator, Iterator

import pytest
import structlog
from blockbuster import blockbuster_ctx
from hypothesis import settings

MAY_BE_ABSENT = "HEADGATE_SHARED"
"""The recordings are not part of the repository: a suite that reads them says so with this word and may skip itself."""

# No test asserts how long something took; a busy machine must not fail a property.
settings.register_profile("headgate", deadline=None, print_blob=True)
# Where a change is judged, every run looks at the same examples; new ones are looked for on developers' machines.
settings.register_profile("ci", parent=settings.get_profile("headgate"), derandomize=True)
settings.load_profile("ci" if os.environ.get("HEADGATE_TEST_SKIPS") == "forbidden" else "headgate")


class OutsideConnectionError(RuntimeError):
    """A test tried to reach something beyond this machine."""


def _is_loopback(host: object) -> bool:
    if not isinstance(host, str | bytes):
        return True
    name = host.decode() if isinstance(host, bytes) else host
    if name in {"", "localhost"} or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse_the_outside(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) and address else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_loopback(host):
        message = f"tests reach only this machine, not {host!r}"
        raise OutsideConnectionError(message)


# An audit hook sees every socket of the interpreter, also those that a library opens, and cannot be taken back.
sys.addaudithook(_refuse_the_outside)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the gateway does."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _the_event_loop_is_never_blocked(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails an async test when code of ours blocks its event loop (files, sockets, sleep, sqlite)."""
    if request.node.get_closest_marker("anyio") is None or request.node.get_closest_marker("may_block") is not None:
        yield
        return
    with blockbuster_ctx(scanned_modules=["headgate"]):
        yield


@pytest.fixture(autouse=True)
def _no_test_configures_the_logs_of_another() -> Iterator[None]:
    """A command that a test runs in this process logs to a standard error that is closed when the test ends."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()


def _forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not report.skipped or os.environ.get("HEADGATE_TEST_SKIPS") != "forbidden" or hasattr(report, "wasxfail"):
        return
    reason = str(report.longrepr)
    if MAY_BE_ABSENT not in reason:
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped test fails where skips are forbidden."""
    report = yield
    _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A skipped module fails where skips are forbidden."""
    report = yield
    _forbid_skip(report)
    return report
