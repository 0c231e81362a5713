import threading
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from headgate.control.requestlog.models import RequestLog
from headgate.control.sinks.models import Delivery, SinkState
from headgate.control.sinks.queries import Waiting
from headgate.infra import clock
from headgate.worker.sinks import sender as sender_module
from headgate.worker.sinks.sender import (
    ASK_EVERY_S,
    GATHER_S,
    LEARN_EVERY_S,
    LONGEST_ASKED_S,
    LONGEST_PAUSE_S,
    STAND_BY_S,
    Sender,
)
from headgate.worker.sinks.sink import SinkAwayError, SinkRefusedError
from tests.kit.deliveries import post_told

pytestmark = pytest.mark.django_db


class MemorySink:
    """Remembers what it was told; is away, or refuses, when it is told to."""

    name = "langsmith"

    def __init__(self) -> None:
        self.told: list[list[str]] = []
        self.asked = 0
        self.address: str | None = None
        self.closed = False
        self.away = False
        self.retry_after_s = 0.0
        self.refused: set[str] = set()

    def tell(self, waiting: Sequence[Waiting]) -> None:
        self._be_there()
        names = [each.log.request_id for each in waiting]
        if self.refused & set(names):
            raise SinkRefusedError("422")
        self.told.append(names)

    def ask(self) -> str | None:
        self.asked += 1
        self._be_there()
        return self.address

    def close(self) -> None:
        self.closed = True

    def _be_there(self) -> None:
        if self.away:
            raise SinkAwayError("connection refused", retry_after_s=self.retry_after_s)


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    monkeypatch.setattr(clock, "chance", lambda: 1.0)
    return now


def queue(*names: str) -> None:
    for name in names:
        post_told(name)


def queued() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("request_id", flat=True))


def test_what_is_queued_is_told_in_batches_oldest_first(sink: MemorySink, time: list[float]):
    queue(*"abcde")
    sender = Sender(sink, batch=2)
    assert [0.0, 0.0, GATHER_S] == [sender.step() for _ in range(3)]
    assert ([["a", "b"], ["c", "d"], ["e"]], []) == (sink.told, queued())


def test_while_it_is_away_nothing_leaves_the_queue_and_the_waits_grow(sink: MemorySink, time: list[float]):
    queue("a")
    sink.away = True
    sender = Sender(sink)
    with capture_logs() as lines:
        waits = [sender.step() for _ in range(9)]
        assert ["a"] == queued()
        assert "connection refused" == SinkState.objects.get().error
        sink.away = False
        assert GATHER_S == sender.step()
    assert [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, LONGEST_PAUSE_S, LONGEST_PAUSE_S] == waits
    assert ["sink_away", "sink_back"] == [line["event"] for line in lines]
    assert ([["a"]], [], None) == (sink.told, queued(), SinkState.objects.get().error)


def test_it_is_left_alone_for_as_long_as_it_asks_but_not_for_ever(sink: MemorySink, time: list[float]):
    queue("a")
    sink.away = True
    sender = Sender(sink)
    sink.retry_after_s = 7.0
    assert 7.0 == sender.step()
    sink.retry_after_s = 1e9
    assert LONGEST_ASKED_S == sender.step()


def test_one_that_it_never_takes_is_set_aside_and_holds_nothing_up(sink: MemorySink, time: list[float]):
    queue(*"abc")
    sink.refused = {"b"}
    Sender(sink).step()
    assert ([["a"], ["c"]], ["b"]) == (sink.told, queued())
    assert "422" == Delivery.objects.get().refusal
    assert GATHER_S == Sender(sink).step()


def test_a_request_that_was_dropped_from_the_log_is_dropped_from_the_queue(sink: MemorySink, time: list[float]):
    queue("a", "b")
    RequestLog.objects.filter(pk="a").delete()
    with capture_logs() as lines:
        Sender(sink).step()
    assert ([["b"]], []) == (sink.told, queued())
    assert ["deliveries_without_a_request"] == [line["event"] for line in lines]


def test_with_nothing_to_tell_it_is_asked_now_and_then(sink: MemorySink, time: list[float]):
    sender = Sender(sink)
    sender.step()
    sender.step()
    assert 1 == sink.asked
    time[0] += ASK_EVERY_S
    sink.away = True
    sender.step()
    assert (2, "connection refused") == (sink.asked, SinkState.objects.get().error)


def test_it_is_asked_where_it_shows_what_it_is_told_until_it_says_so(sink: MemorySink, time: list[float]):
    sender = Sender(sink, batch=1)
    queue(*"abcd")
    sender.step()
    assert (1, None) == (sink.asked, SinkState.objects.get().address)
    sender.step()
    assert 1 == sink.asked, "not at every batch"
    time[0] += LEARN_EVERY_S
    sink.address = "https://smith.example/o/1/projects/p/2"
    sender.step()
    assert (2, sink.address) == (sink.asked, SinkState.objects.get().address)
    time[0] += ASK_EVERY_S
    sender.step()
    assert (2, sink.address) == (sink.asked, SinkState.objects.get().address)


def test_its_address_is_asked_for_soon_after_the_first_it_was_told(sink: MemorySink, time: list[float]):
    sender = Sender(sink)
    sender.step()
    queue("a")
    sender.step()
    sink.address = "https://smith.example/o/1/projects/p/2"
    time[0] += LEARN_EVERY_S
    sender.step()
    assert (2, sink.address) == (sink.asked, SinkState.objects.get().address)


def test_where_another_node_tells_this_one_stands_by(
    sink: MemorySink, time: list[float], monkeypatch: pytest.MonkeyPatch
):
    class Taken:
        def __init__(self, name: str) -> None: ...
        def __enter__(self) -> bool:
            return False

        def __exit__(self, *_: object) -> None: ...

    queue("a")
    monkeypatch.setattr(sender_module, "held_alone", Taken)
    assert STAND_BY_S == Sender(sink).step()
    assert ([], ["a"]) == (sink.told, queued())


@pytest.mark.django_db(transaction=True)
def test_a_thread_of_its_own_survives_whatever_happens_until_it_is_told_to_stop(
    sink: MemorySink, monkeypatch: pytest.MonkeyPatch
):
    queue("a")
    stop, failures = threading.Event(), [RuntimeError("a bug"), OSError("database away")]

    def failing(name: str, limit: int):
        if failures:
            raise failures.pop()
        return waiting(name, limit)

    waiting = sender_module.waiting
    monkeypatch.setattr(sender_module, "waiting", failing)
    monkeypatch.setattr(sender_module, "FIRST_PAUSE_S", 0.0)
    told = threading.Event()
    tell = sink.tell
    monkeypatch.setattr(sink, "tell", lambda batch: (tell(batch), told.set()))
    thread = threading.Thread(target=Sender(sink).run, args=(stop,))
    with capture_logs() as lines:
        thread.start()
        assert told.wait(20)
        stop.set()
        thread.join(20)
    assert ([["a"]], True, ["sink_failed", "sink_failed"]) == (
        sink.told,
        sink.closed,
        [line["event"] for line in lines],
    )
