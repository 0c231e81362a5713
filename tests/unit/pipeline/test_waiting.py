import msgspec
import pytest

from headgate.domain.budget import LeaseClass
from headgate.infra.leases.memory import MemoryLeaseStore
from headgate.ledger.leases import LeaseBook
from headgate.ledger.windows import WindowState
from headgate.pipeline.waiting import SPENT_FOR_SURE_S, spent_out
from tests.kit.fakes import FakeClock
from tests.kit.leases import window
from tests.kit.workers import Worker, need

W = window("w", 100)
SOFT = window("w", 100, hard=200)


@pytest.fixture
def worker() -> Worker:
    clock = FakeClock()
    return Worker(MemoryLeaseStore(clock.now), clock, "a")


def book_where(spent: int, leased: int = 0, hard: int = 100) -> LeaseBook:
    book = LeaseBook()
    book.account(W, 0.0)
    book.learn({W.id: WindowState(100, hard, spent, leased, scarce=False, recall_gen=0)}, 0.0)
    return book


async def test_a_critical_request_does_not_stand_behind_those_who_may_not_have_what_it_may(worker: Worker):
    held = await worker.hold(need(SOFT, 90))
    normal = worker.ask(need(SOFT, 20))
    await worker.turn()
    critical = worker.ask(need(SOFT, 50), critical=True)
    await worker.turn()
    assert (False, True) == (normal.done(), critical.done())
    assert LeaseClass.CRITICAL is critical.result().holds[0].lease_class
    worker.settle(held, 10)
    await worker.turn(2)
    assert 20 == normal.result().holds[0].amount


async def test_others_stand_behind_a_critical_request(worker: Worker):
    held = await worker.hold(need(SOFT, 90))
    critical = worker.ask(need(SOFT, 150), critical=True)
    await worker.turn()
    normal = worker.ask(need(SOFT, 5))
    await worker.turn()
    assert (False, False) == (critical.done(), normal.done())
    worker.settle(held, 0)
    await worker.turn(2)
    assert critical.done()
    normal.cancel()


def test_what_no_return_can_help_with_is_known_without_asking():
    (short,) = spent_out(book_where(95), [[need(W, 6)]], critical=False, now=0.1)
    assert (W, 6) == (short.window, short.need)


@pytest.mark.parametrize(
    ("book", "amount", "critical", "now"),
    [
        (book_where(95), 5, False, 0.1),
        (book_where(50, leased=50), 10, False, 0.1),
        (book_where(95, hard=200), 6, True, 0.1),
        (book_where(95), 6, False, SPENT_FOR_SURE_S + 0.1),
        (LeaseBook(), 6, False, 0.1),
    ],
    ids=["fits", "others may return", "up to the hard limit", "said too long ago", "never asked"],
)
def test_otherwise_the_store_is_asked(book: LeaseBook, amount: int, critical: bool, now: float):
    assert () == spent_out(book, [[need(W, amount)]], critical=critical, now=now)


def test_a_limit_that_changed_since_is_asked_for():
    newer = msgspec.structs.replace(W, limit=1_000, hard=1_000, limit_version=W.limit_version + 1)
    assert () == spent_out(book_where(95), [[need(newer, 6)]], critical=False, now=0.1)


def test_one_alternative_with_hope_is_enough():
    assert () == spent_out(book_where(95), [[need(W, 6)], [need(W, 5)]], critical=False, now=0.1)
