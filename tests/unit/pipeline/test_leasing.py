"""One worker's dealings with the store: one operation at a time, each with its number."""

import pytest

from headgate.domain.budget import LeaseClass
from headgate.infra.leases.memory import Failure, MemoryLeaseStore
from headgate.ledger.leases import LeaseBook
from headgate.pipeline.leasing import PULSE_S, QUIET_PULSE_S, LeaseHolder
from headgate.pipeline.ports import OwnerClosedError, StoreUnavailableError
from tests.kit.fakes import NOON, OWNER, FakeClock
from tests.kit.leases import take, window

W = window("w", 100)


class Desk:
    """A holder with its book, beside a store whose clock is its own."""

    def __init__(self) -> None:
        self.clock, self.theirs = FakeClock(), FakeClock()
        self.store = MemoryLeaseStore(self.theirs.now)
        self.book = LeaseBook()
        self.holder = LeaseHolder(self.store, self.clock, self.book, OWNER, node="node", boot_id="boot")

    async def draw(self, amount: int) -> None:
        self.book.account(W, 0)
        await self.holder.draw([take(W, amount)])

    @property
    def free(self) -> int:
        return self.book.accounts["w"].normal.free

    @property
    def remaining(self) -> int:
        return self.store.remaining(OWNER, "w", LeaseClass.NORMAL)


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.holder.catch_up()
    return desk


async def test_nothing_is_asked_before_the_owner_is_registered():
    desk = Desk()
    assert {} == desk.store.owners
    desk.store.failures = [Failure.AFTER_COMMIT]
    with pytest.raises(StoreUnavailableError):
        await desk.holder.catch_up()
    await desk.holder.catch_up()
    assert [OWNER] == list(desk.store.owners)


async def test_every_operation_that_happened_has_the_next_number_and_a_draw_that_missed_has_none(desk: Desk):
    await desk.draw(10)
    await desk.draw(1_000)
    await desk.draw(20)
    await desk.holder.give_back(desk.book.accounts.values())
    assert 3 == desk.store.owners[OWNER].op_seq
    assert (0, 0) == (desk.free, desk.remaining)


@pytest.mark.parametrize("failure", Failure)
async def test_an_unknown_draw_is_asked_again_with_its_number_and_unusable_until_then(desk: Desk, failure: Failure):
    desk.store.failures = [failure, failure]
    with pytest.raises(StoreUnavailableError):
        await desk.draw(10)
    assert 0 == desk.free
    with pytest.raises(StoreUnavailableError):
        await desk.holder.catch_up()
    await desk.holder.catch_up()
    await desk.holder.catch_up()
    assert (10, 10, 1) == (desk.free, desk.remaining, desk.store.owners[OWNER].op_seq)


@pytest.mark.parametrize("failure", Failure)
async def test_an_unknown_return_happens_once(desk: Desk, failure: Failure):
    await desk.draw(10)
    desk.store.failures = [failure]
    with pytest.raises(StoreUnavailableError):
        await desk.holder.give_back(desk.book.accounts.values())
    assert 0 == desk.free
    await desk.holder.catch_up()
    assert (0, 0) == (desk.free, desk.remaining)


async def test_nothing_to_draw_and_nothing_to_return_is_not_asked(desk: Desk):
    desk.store.away = True
    assert frozenset() == (await desk.holder.draw([])).missed
    await desk.holder.give_back([])
    await desk.holder.probe([])


async def test_time_is_the_stores_and_never_goes_back(desk: Desk):
    desk.theirs.advance(3_600)
    await desk.holder.pulse()
    assert NOON + 3_600 == desk.holder.now()
    desk.theirs.time = NOON
    await desk.holder.pulse()
    assert NOON + 3_600 == desk.holder.now()
    desk.clock.advance(4_000)
    desk.theirs.advance(4_000)
    assert NOON + 4_000 == desk.holder.now()


async def test_a_worker_that_has_drawn_nothing_asks_more_rarely(desk: Desk):
    await desk.holder.pulse()
    assert QUIET_PULSE_S == desk.holder.pulse_at
    await desk.draw(10)
    await desk.holder.pulse()
    assert PULSE_S == desk.holder.pulse_at


async def test_a_recall_is_obeyed_once(desk: Desk):
    await desk.draw(10)
    assert [] == await desk.holder.pulse()
    await desk.holder.recall(["w"])
    assert ["w"] == [account.window.id for account in await desk.holder.pulse()]
    assert [] == await desk.holder.pulse()


async def test_a_window_that_is_scarce_is_named_every_time(desk: Desk):
    await desk.draw(99)
    for _ in range(2):
        assert ["w"] == [account.window.id for account in await desk.holder.pulse()]


async def test_how_many_draw_from_the_same_windows_is_known(desk: Desk):
    await desk.store.open("b" * 32, node="node", boot_id="boot")
    await desk.holder.pulse()
    assert 2 == desk.book.owners


async def test_an_owner_that_was_closed_or_whose_operations_were_lost_is_told(desk: Desk):
    await desk.draw(10)
    known = desk.store.owners[OWNER]
    desk.store.owners[OWNER] = type(known)(op_seq=0)
    with pytest.raises(OwnerClosedError):
        await desk.holder.pulse()
    desk.store.owners[OWNER] = known
    desk.store.close(OWNER)
    with pytest.raises(OwnerClosedError):
        await desk.holder.pulse()
