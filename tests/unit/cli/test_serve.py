import os
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from headgate.cli import serve as module
from headgate.cli.serve import (
    _answers,
    _children,
    _default_workers,
    _free_port,
    _port_taken,
    _set_up,
    _wait_until_ready,
    serve,
)


def test_a_port_that_is_taken_is_said_in_one_line(capsys: pytest.CaptureFixture):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert 1 == serve("127.0.0.1", port, workers=1)
    said = capsys.readouterr().err
    assert f"headgate serve: 127.0.0.1:{port}: Address already in use" in said


def test_a_port_of_another_gateway_is_taken_although_it_would_share():
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert _port_taken("127.0.0.1", other.getsockname()[1])


def test_a_free_port_is_free():
    assert _port_taken("127.0.0.1", _free_port()) is None


def test_without_a_setting_there_is_a_worker_per_core_up_to_four(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert 4 == _default_workers()
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert 1 == _default_workers()


@pytest.mark.parametrize(("name", "text"), [("HEADGATE_WORKERS", "many"), ("HEADGATE_DRAIN_S", "soon")])
def test_a_setting_that_cannot_be_honoured_ends_the_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, name: str, text: str
):
    monkeypatch.setattr(module, "_set_up", lambda: None)
    monkeypatch.setattr(module.signal, "signal", lambda *_: None)
    monkeypatch.setenv("HEADGATE_SECRET_KEY", "x" * 32)
    monkeypatch.setenv(name, text)
    assert 1 == serve("127.0.0.1", _free_port(), workers=1)
    assert f"headgate serve: {name} is {text!r}" in capsys.readouterr().err


def test_gateways_stop_first_then_the_worker_then_the_rest(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HEADGATE_SIMULATOR_URL", raising=False)
    children = _children("127.0.0.1", 8000, 2)
    assert {"gateway 1": 0, "gateway 2": 0, "worker": 1, "console": 2, "simulator": 2} == {
        child.name: child.stops for child in children
    }
    environ = {child.name: child._environ for child in children}["gateway 1"]
    assert environ["HEADGATE_CONSOLE_URL"].startswith("http://127.0.0.1:")
    assert environ["HEADGATE_SIMULATOR_URL"].startswith("http://127.0.0.1:")


def test_a_simulator_elsewhere_is_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HEADGATE_SIMULATOR_URL", "http://sim.internal")
    assert {"http://sim.internal"} == {child._environ["HEADGATE_SIMULATOR_URL"] for child in _children("::", 1, 1)}


@pytest.mark.parametrize(("said", "expected"), [('log line\n{"key": "k"}\n', {"key": "k"}), ("null\n", None)])
def test_set_up_gives_the_secrets_of_a_first_start(monkeypatch: pytest.MonkeyPatch, said: str, expected: object):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=0, stdout=said))
    assert expected == _set_up()


def test_a_set_up_that_fails_ends_the_start(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=3, stdout=""))
    assert 3 == _set_up()


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path in {"/readyz", "/admin/login/"} else 503)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def pages():
    server = HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_only_a_page_that_is_there_answers(pages: int):
    assert _answers(f"http://127.0.0.1:{pages}/readyz")
    assert not _answers(f"http://127.0.0.1:{pages}/other")
    assert not _answers(f"http://127.0.0.1:{_free_port()}/readyz")


def test_it_is_ready_when_gateway_and_console_answer(pages: int):
    alive = SimpleNamespace(failed=lambda: False, name="gateway 1")
    assert _wait_until_ready("0.0.0.0", pages, [alive], threading.Event())


def test_a_child_that_does_not_start_is_named(capsys: pytest.CaptureFixture):
    dead = SimpleNamespace(failed=lambda: True, name="console")
    assert not _wait_until_ready("127.0.0.1", _free_port(), [dead], threading.Event())
    assert "the console does not start" in capsys.readouterr().err


def test_a_stop_while_it_starts_is_a_stop():
    stop = threading.Event()
    stop.set()
    assert not _wait_until_ready("127.0.0.1", _free_port(), [], stop)


def test_what_never_becomes_ready_is_given_up(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    monkeypatch.setattr(module, "READY_WITHIN_S", 0.0)
    assert not _wait_until_ready("127.0.0.1", _free_port(), [], threading.Event())
    assert "not ready within 0 s" in capsys.readouterr().err
