import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from headgate.domain.budget import WindowId
from headgate.domain.ids import OwnerId
from headgate.infra.leases.threaded import ThreadedLeaseStore
from headgate.ledger.windows import Drawn
from headgate.pipeline.ports import StoreUnavailableError
from tests.kit.leases import take, window

A = OwnerId("a" * 32)


class SlowStore:
    """Answers with what it was asked; a draw waits until `go` is set."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.threads: set[int] = set()
        self.go, self.waiting = threading.Event(), threading.Event()

    def draw(self, owner: OwnerId, seq: int, drawings: Any) -> Drawn:
        self.waiting.set()
        assert self.go.wait(10)
        self._note("draw", owner, seq, drawings)
        return Drawn(frozenset(), {})

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *arguments, **named: self._note(name, *arguments, *named.values())

    def _note(self, *asked: Any) -> Any:
        self.threads.add(threading.get_ident())
        self.asked.append(asked)
        return asked


@pytest.fixture
def slow() -> Iterator[SlowStore]:
    store = SlowStore()
    yield store
    store.go.set()


async def test_everything_is_asked_in_one_thread_that_is_not_the_loops(slow: SlowStore):
    slow.go.set()
    store = ThreadedLeaseStore(slow)
    drawing = take(window(), 1)
    await store.open(A, node="node", boot_id="boot")
    await store.draw(A, 1, [drawing])
    assert ("give_back", A, 2, [drawing]) == await store.give_back(A, 2, [drawing])
    assert ("recall", [WindowId("w")]) == await store.recall([WindowId("w")])
    assert ("states", [WindowId("w")]) == await store.states([WindowId("w")])
    assert ("pulse", A) == await store.pulse(A)
    await store.close()
    assert [("open", A, "node", "boot"), ("draw", A, 1, [drawing])] == slow.asked[:2]
    assert ("close",) == slow.asked[-1]
    assert 1 == len(slow.threads - {threading.get_ident()}) == len(slow.threads)


async def test_who_waits_too_long_does_not_know_and_what_waits_behind_it_never_happens(slow: SlowStore):
    store = ThreadedLeaseStore(slow, timeout_s=0.05)
    drawing = asyncio.create_task(store.draw(A, 1, []))
    pulse = asyncio.create_task(store.pulse(A))
    for task in (drawing, pulse):
        with pytest.raises(StoreUnavailableError, match=r"0\.05 s"):
            await task
    slow.go.set()
    await store.states([])
    # The draw was on its way and could not be called back.
    assert [("draw", A, 1, []), ("states", [])] == slow.asked
    await store.close()


async def test_a_caller_that_is_cancelled_does_not_stop_what_runs(slow: SlowStore):
    store = ThreadedLeaseStore(slow)
    drawing = asyncio.create_task(store.draw(A, 1, []))
    await asyncio.to_thread(slow.waiting.wait, 10)
    drawing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drawing
    slow.go.set()
    await store.states([])
    assert [("draw", A, 1, []), ("states", [])] == slow.asked
    await store.close()
