import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace

import pytest

from headgate.cli import children
from headgate.cli.children import LONGEST_PAUSE_S, Child, stop_all

WAITS_FOR_STDIN = "import sys; print('up', flush=True); sys.stdin.read()"
ENDS_AT_ONCE = "raise SystemExit(3)"
IGNORES_SIGTERM = "import signal, sys; signal.signal(15, signal.SIG_IGN); print('up', flush=True); sys.stdin.read()"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(children, "time", SimpleNamespace(monotonic=made.monotonic))
    return made


@pytest.fixture
def make() -> Iterator:
    made: list[Child] = []

    def child(code: str, name: str = "gateway 1", *, stops: int = 0) -> Child:
        one = Child(name, ["gateway"], {"PATH": ""}, stops=stops)
        one._command = [sys.executable, "-c", code]
        made.append(one)
        return one

    yield child
    for one in made:
        if one._process is not None:
            one._process.kill()
            one._process.wait()
            for pipe in (one._process.stdin, one._process.stdout):
                if pipe is not None:
                    pipe.close()


def ended(child: Child) -> None:
    child._process.wait(10)


def up(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start it and wait until it says that it is up."""
    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: real(*a, **{**k, "stdout": subprocess.PIPE}))
    child.start()
    assert b"up\n" == child._process.stdout.readline()


def test_a_child_is_told_to_end_with_us():
    assert "--until-stdin-closes" == Child("worker", ["worker"], {}, stops=1)._command[-1]


def test_a_child_lives_in_a_session_of_its_own(make, monkeypatch: pytest.MonkeyPatch):
    child = make("import os, sys; print('up', flush=True); sys.exit(os.getsid(0) != os.getpid())")
    up(child, monkeypatch)
    assert 0 == child._process.wait(10)


def test_a_child_that_runs_is_left_alone(make, monkeypatch: pytest.MonkeyPatch):
    child = make(WAITS_FOR_STDIN)
    up(child, monkeypatch)
    before = child.pid
    child.keep_up()
    assert before == child.pid
    assert not child.failed()


def test_a_child_ends_when_its_standard_input_closes(make, monkeypatch: pytest.MonkeyPatch):
    child = make(WAITS_FOR_STDIN)
    up(child, monkeypatch)
    child._process.stdin.close()
    assert 0 == child._process.wait(10)


def test_a_child_that_ended_is_started_again(make, clock: Clock, capsys: pytest.CaptureFixture):
    child = make(ENDS_AT_ONCE)
    child.start()
    ended(child)
    assert child.failed()
    before = child.pid
    child.keep_up()
    assert before != child.pid
    assert "the gateway 1 ended (3); restarting" in capsys.readouterr().err


def test_one_that_keeps_dying_quickly_is_started_less_and_less_often(make, clock: Clock):
    child = make(ENDS_AT_ONCE)
    child.start()
    starts = [clock.now]
    pid = child.pid
    while len(starts) < 12:
        ended(child)
        child.keep_up()
        if child.pid != pid:
            pid = child.pid
            starts.append(clock.now)
        clock.now += 0.1
    pauses = [round(after - before, 1) for before, after in pairwise(starts)]
    assert pauses == sorted(pauses)
    assert pauses[0] <= 0.2
    assert LONGEST_PAUSE_S <= pauses[-1] <= LONGEST_PAUSE_S + 0.2


def test_one_that_lived_long_is_started_at_once(make, clock: Clock):
    child = make(ENDS_AT_ONCE)
    child.start()
    for _ in range(6):
        ended(child)
        clock.now += 3_600
        before = child.pid
        child.keep_up()
        assert before != child.pid


def test_groups_stop_one_after_the_other(make, monkeypatch: pytest.MonkeyPatch):
    order: list[str] = []
    stopped: list[Child] = []
    for name, stops in (("console", 2), ("gateway 1", 0), ("gateway 2", 0), ("worker", 1)):
        child = make(WAITS_FOR_STDIN, name, stops=stops)
        with monkeypatch.context() as listening:
            up(child, listening)
        stopped.append(child)
    real = Child.ask_to_stop

    def asked(child: Child) -> None:
        order.append(child.name)
        earlier = [one for one in stopped if one.stops < child.stops]
        assert all(one.failed() for one in earlier)
        real(child)

    monkeypatch.setattr(Child, "ask_to_stop", asked)
    stop_all(stopped, drain_s=20)
    assert ["gateway 1", "gateway 2", "worker", "console"] == order
    assert {-signal.SIGTERM} == {child._process.returncode for child in stopped}


def test_one_that_does_not_stop_in_time_is_killed(make, monkeypatch: pytest.MonkeyPatch):
    child = make(IGNORES_SIGTERM)
    up(child, monkeypatch)
    stop_all([child], drain_s=0)
    assert -signal.SIGKILL == child._process.returncode


def test_stopping_what_never_started_is_nothing(make):
    child = make(WAITS_FOR_STDIN)
    stop_all([child], drain_s=1)
    child.keep_up()
    assert (None, False) == (child.pid, child.failed())
