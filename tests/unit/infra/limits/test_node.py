import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from headgate.infra.limits.node import SLOTS_ALONE, NodeLimiter
from headgate.infra.limits.shared_file import SharedFile
from headgate.infra.limits.slots import PROBES
from headgate.pipeline.ports import Admission, Exceeded
from tests.kit.limits import BOOT, TurnedClock, counted


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


class Node:
    """Several workers of one node, in this process: each has the file open for itself."""

    def __init__(self, folder: Path, clock: TurnedClock) -> None:
        self.folder, self.clock = folder, clock
        self.workers: list[NodeLimiter] = []

    def worker(self, slots: int = 64) -> NodeLimiter:
        file = SharedFile(self.folder, boot_id=BOOT, monotonic=time.monotonic, slots=slots)
        self.workers.append(NodeLimiter(file, self.clock))
        return self.workers[-1]

    def kill(self, worker: NodeLimiter) -> None:
        """What the kernel does for a process that was killed: its locks go, the memory stays as it is."""
        file = worker._shared
        assert file is not None
        file._lock_seat(file._seat, fcntl.F_UNLCK)
        self.workers.remove(worker)


@pytest.fixture
def node(tmp_path: Path, clock: TurnedClock) -> Iterator[Node]:
    running = Node(tmp_path, clock)
    yield running
    for worker in running.workers:
        worker.close()


def ask(limiter: NodeLimiter, *limits, tokens: int = 0, now: float = 5.0) -> Admission | Exceeded:
    return limiter.admit_now(limits, tokens=tokens, now=now)


def admitted(limiter: NodeLimiter, *limits, tokens: int = 0) -> Admission:
    answer = ask(limiter, *limits, tokens=tokens)
    assert isinstance(answer, Admission)
    return answer


def test_workers_share_one_limit(node: Node):
    one, other, limit = node.worker(), node.worker(), counted(requests=3)
    for worker in (one, other, one):
        admitted(worker, limit)
    assert Exceeded(limit, "requests", 3, 61.0) == ask(other, limit)


async def test_the_port_is_served(node: Node):
    limiter, limit = node.worker(), counted(requests=1)
    admission = await limiter.admit([limit], tokens=3, now=7.0)
    assert isinstance(admission, Admission)
    assert ([limit], 3, 7.0) == (admission.counted, admission.tokens, admission.at)
    limiter.finish(admission, tokens=None)
    assert isinstance(await limiter.admit([limit], tokens=3, now=7.0), Exceeded)


def test_without_limits_nothing_is_touched(tmp_path: Path):
    def unread() -> float:
        raise AssertionError

    limiter = NodeLimiter(None, unread)
    admission = limiter.admit_now((), tokens=5, now=1.0)
    assert Admission((), 5, 1.0, ()) == admission
    limiter.finish(admission, tokens=None)


def test_what_one_limit_refuses_is_counted_in_none(node: Node):
    limiter = node.worker()
    wide, narrow = counted("wide", requests=2), counted("narrow", requests=1)
    admitted(limiter, wide, narrow)
    refused = ask(limiter, wide, narrow)
    assert isinstance(refused, Exceeded)
    assert narrow == refused.counted
    assert dict(admitted(limiter, wide).headers)[b"x-ratelimit-remaining-requests"] == b"0"


def test_the_longest_wait_of_all_that_refuse_is_told(node: Node, clock: TurnedClock):
    limiter = node.worker()
    first, second = counted("first", requests=1), counted("second", requests=1)
    admitted(limiter, first)
    clock.at += 30
    admitted(limiter, second)
    assert Exceeded(second, "requests", 1, 61.0) == ask(limiter, first, second)


def test_headers_show_what_remains(node: Node):
    limiter = node.worker()
    limits = counted("a", requests=10, tokens=1_000), counted("b", requests=5)
    expected = {
        b"x-ratelimit-limit-requests": b"5",
        b"x-ratelimit-remaining-requests": b"4",
        b"x-ratelimit-reset-requests": b"1m1s",
        b"x-ratelimit-limit-tokens": b"1000",
        b"x-ratelimit-remaining-tokens": b"700",
        b"x-ratelimit-reset-tokens": b"1m1s",
    }
    assert expected == dict(admitted(limiter, *limits, tokens=300).headers)


def test_requests_at_once_are_let_go_at_their_end(node: Node):
    one, other, limit = node.worker(), node.worker(), counted(concurrency=2)
    first = admitted(one, limit)
    admitted(other, limit)
    assert Exceeded(limit, "concurrency", 2, 1.0) == ask(one, limit)
    one.finish(first, tokens=None)
    admitted(other, limit)


@pytest.mark.parametrize(("used", "room"), [(None, 0), (100, 0), (40, 60), (0, 100)])
def test_tokens_are_corrected_by_what_was_used(node: Node, used: int | None, room: int):
    limiter, limit = node.worker(), counted(tokens=100)
    limiter.finish(admitted(limiter, limit, tokens=100), tokens=used)
    assert isinstance(
        ask(limiter, limit, tokens=room + 1 if room < 100 else 100), Exceeded if room < 100 else Admission
    )
    if 0 < room < 100:
        admitted(limiter, limit, tokens=room)


def test_more_than_was_estimated_weighs_on_the_next(node: Node, clock: TurnedClock):
    limiter, limit = node.worker(), counted(tokens=100)
    limiter.finish(admitted(limiter, limit, tokens=5_000), tokens=250)
    assert isinstance(ask(limiter, limit, tokens=1), Exceeded)
    clock.at += 61
    admitted(limiter, limit, tokens=100)


def test_an_end_after_the_minute_corrects_nothing(node: Node, clock: TurnedClock):
    limiter, limit = node.worker(), counted(tokens=100)
    long = admitted(limiter, limit, tokens=100)
    clock.at += 70
    admitted(limiter, limit, tokens=60)
    limiter.finish(long, tokens=0)
    assert isinstance(ask(limiter, limit, tokens=41), Exceeded)


def test_the_epoch_may_step_back_and_forth(node: Node):
    limiter, limit = node.worker(), counted(requests=3)
    answers = [type(ask(limiter, limit, now=now)) is Exceeded for now in (5_000.0, 1_000.0, 9_000.0, 5_001.0)]
    assert [False, False, False, True] == answers


def test_a_full_table_counts_alone_and_says_so_once(node: Node):
    limiter = node.worker(slots=PROBES)
    for number in range(PROBES):
        admitted(limiter, counted(str(number), requests=1))
    with capture_logs() as logs:
        late = counted("late", requests=1)
        limiter.finish(admitted(limiter, late), tokens=None)
        assert isinstance(ask(limiter, late), Exceeded)
    assert [("rate_limits_counted_alone", "the table of counters is full")] == [
        (entry["event"], entry["reason"]) for entry in logs
    ]
    assert 2 == limiter.counted_alone.full


def test_a_worker_without_a_file_counts_alone(clock: TurnedClock):
    limiter, limit = NodeLimiter(None, clock), counted(requests=1, concurrency=1)
    limiter.finish(admitted(limiter, limit), tokens=None)
    assert Exceeded(limit, "requests", 1, 61.0) == ask(limiter, limit)
    clock.at += 61
    admitted(limiter, limit)
    limiter.close()


def test_what_a_worker_counts_alone_is_bounded(clock: TurnedClock):
    limiter = NodeLimiter(None, clock)
    for number in range(SLOTS_ALONE + 100):
        admitted(limiter, counted("r", str(number), requests=1))


def test_a_worker_that_is_locked_out_counts_alone_until_it_is_let_in(node: Node, monkeypatch):
    one, stopped, limit = node.worker(), node.worker(), counted(requests=2, concurrency=5)
    before = admitted(one, limit)
    monkeypatch.setattr(SharedFile.lock, "__kwdefaults__", {"wait_s": 0.005})
    assert stopped._shared is not None
    assert stopped._shared.lock()
    with capture_logs() as logs:
        admitted(one, limit)
        admitted(one, limit)
        assert isinstance(ask(one, limit), Exceeded)
        one.finish(before, tokens=None)
        stopped._shared.unlock()
        admitted(one, limit)
    assert ["rate_limits_counted_alone", "rate_limits_counted_together"] == [entry["event"] for entry in logs]
    assert 4 == one.counted_alone.locked
    # What ended meanwhile was let go of, and what is counted together is as before.
    free = counted(concurrency=2)
    admitted(stopped, free)
    assert Exceeded(free, "concurrency", 2, 1.0) == ask(stopped, free)


def test_requests_of_a_dead_worker_do_not_count_as_running(node: Node):
    dead, living, limit = node.worker(), node.worker(), counted(concurrency=1)
    admitted(dead, limit)
    assert isinstance(ask(living, limit), Exceeded)
    node.kill(dead)
    admitted(living, limit)


def test_running_requests_of_the_dead_do_not_fill_the_table(node: Node, clock: TurnedClock):
    dead, living = node.worker(slots=PROBES), node.worker(slots=PROBES)
    for number in range(PROBES):
        admitted(dead, counted(str(number), concurrency=1))
    node.kill(dead)
    clock.at += 61
    admitted(living, counted("new", concurrency=1))
    assert 0 == living.counted_alone.full
