"""Holds of one worker and of several: rules 6 to 15 of the money protocol, in turns that the tests take."""

import asyncio
from collections.abc import Sequence

import pytest

from headgate.domain.budget import BudgetUnit
from headgate.domain.errors import Unavailable
from headgate.domain.ids import OwnerId
from headgate.infra.leases.memory import Failure, MemoryLeaseStore
from headgate.ledger.records import Charge, Held
from headgate.ledger.windows import Drawing, Drawn
from headgate.pipeline import treasury as rules
from headgate.pipeline.treasury import AWAY_S, PATIENCE_S, Treasury
from headgate.pipeline.waiting import DRAWS_AT_ONCE, ShortageError
from tests.kit.fakes import OWNER, FakeClock, until
from tests.kit.leases import window
from tests.kit.workers import CRITICAL, NORMAL, Worker, need

W = window("w", 100)
V = window("v", 100)
MOMENT_S = 0.001


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> MemoryLeaseStore:
    return MemoryLeaseStore(clock.now)


@pytest.fixture
def worker(store: MemoryLeaseStore, clock: FakeClock) -> Worker:
    return Worker(store, clock, "a")


@pytest.fixture
def other(store: MemoryLeaseStore, clock: FakeClock) -> Worker:
    return Worker(store, clock, "b")


async def shortage(asked: "asyncio.Task") -> ShortageError:
    with pytest.raises(ShortageError) as refusal:
        await asked
    return refusal.value


def leased(store: MemoryLeaseStore, name: str = "w") -> int:
    return store.rows[name].leased


# -------------------------------------------------------------------- holding and settling


async def test_the_first_hold_draws_and_the_next_one_that_fits_does_not(worker: Worker, store: MemoryLeaseStore):
    assert worker.treasury.try_hold([need(W, 10)], critical=False) is None
    holds = await worker.hold(need(W, 10))
    assert (Held("w", NORMAL, 10),) == holds
    worker.settle(holds, 3)
    drawn = leased(store)
    assert (Held("w", NORMAL, 7),) == worker.treasury.try_hold([need(W, 7)], critical=False)
    assert drawn == leased(store)


async def test_several_windows_are_held_together_or_not_at_all(worker: Worker, store: MemoryLeaseStore):
    narrow = window("n", 5)
    asked = worker.ask(need(narrow, 6), need(W, 10), patience_s=0)
    await worker.turn()
    (short,) = (await shortage(asked)).short
    assert ("n", 6) == (short.window.id, short.need)
    assert {} == store.rows
    holds = await worker.hold(need(narrow, 5), need(W, 10))
    assert [("n", 5), ("w", 10)] == [(held.window, held.amount) for held in holds]
    assert {("n", 5), ("w", 10)} == {(name, row.leased) for name, row in store.rows.items()}


async def test_a_hold_that_lacks_room_in_one_window_takes_nothing_from_the_others(worker: Worker):
    first = await worker.hold(need(V, 10), need(W, 10))
    worker.settle(first, 0, 0)
    assert worker.treasury.try_hold([need(V, 10), need(W, 11)], critical=False) is None
    assert (10, 10) == (worker.free_in(V), worker.free_in(W))


async def test_a_cost_below_the_hold_frees_the_rest_and_keeps_the_cost_in_the_lease(
    worker: Worker, store: MemoryLeaseStore
):
    holds = await worker.hold(need(W, 10))
    charges = worker.settle(holds, 4)
    assert (Charge(4, 4),) == charges
    assert (6, 10) == (worker.free_in(W), leased(store))
    store.post(worker.owner, holds, charges)
    assert (4, 6) == (store.rows["w"].spent, leased(store))


async def test_a_cost_above_the_hold_is_covered_by_what_is_free_and_the_rest_is_an_overrun(
    worker: Worker, store: MemoryLeaseStore
):
    first = await worker.hold(need(W, 10))
    second = await worker.hold(need(W, 20))
    worker.settle(first, 0)
    charges = worker.settle(second, 35)
    assert (Charge(35, 30),) == charges
    assert 0 == worker.free_in(W)
    store.post(worker.owner, second, charges)
    assert (35, 0, 5) == (store.rows["w"].spent, leased(store), store.overruns["w"])


async def test_a_released_hold_is_free_again(worker: Worker):
    holds = await worker.hold(need(W, 10))
    worker.treasury.release(holds)
    assert (10, 0) == (worker.free_in(W), worker.treasury.book.accounts["w"].held)


async def test_what_a_request_may_still_hold_is_what_the_tightest_window_has(worker: Worker):
    tokens = window("t", 70, unit=BudgetUnit.TOKENS)
    holds = await worker.hold(need(tokens, 30), need(V, 20), need(W, 50))
    assert (50, 40) == worker.treasury.room([tokens, V, W], critical=False)
    assert 50 == worker.treasury.remaining(holds)
    assert (None, None) == worker.treasury.room([window("unknown")], critical=False)
    assert worker.treasury.remaining(()) is None


# -------------------------------------------------------------------- waiting


async def test_nobody_is_refused_before_others_had_time_to_return_what_they_do_not_use(
    worker: Worker, other: Worker, clock: FakeClock, store: MemoryLeaseStore
):
    await other.hold(need(W, 60))
    asked = worker.ask(need(W, 50))
    await worker.turn()
    assert 1 == store.rows["w"].recall_gen
    clock.advance(PATIENCE_S - MOMENT_S)
    await worker.turn()
    assert not asked.done()
    clock.advance(2 * MOMENT_S)
    await worker.turn()
    (short,) = (await shortage(asked)).short
    assert ("w", 50, 0, 60) == (short.window.id, short.need, short.state.spent, short.state.leased)


async def test_what_is_refused_saw_the_store_after_it_came(worker: Worker, other: Worker, clock: FakeClock):
    holds = await other.hold(need(W, 60))
    asked = worker.ask(need(W, 50))
    await worker.turn()
    other.treasury.release(holds)
    clock.advance(PATIENCE_S)
    # Nothing but the probe of this last turn tells that there is room.
    await other.turn()
    await worker.turn()
    assert (Held("w", NORMAL, 50),) == (await asked).holds


async def test_what_another_worker_does_not_use_is_recalled(worker: Worker, other: Worker, clock: FakeClock):
    holds = await other.hold(need(W, 60))
    other.settle(holds, 0)
    assert 60 == other.free_in(W)
    asked = worker.ask(need(W, 50))
    await worker.turn()
    assert not asked.done()
    clock.advance(0.1)
    await other.turn()
    assert 0 == other.free_in(W)
    await worker.turn()
    assert (Held("w", NORMAL, 50),) == (await asked).holds


async def test_what_no_return_can_help_is_refused_at_once(worker: Worker, store: MemoryLeaseStore):
    holds = await worker.hold(need(W, 60))
    store.post(worker.owner, holds, worker.settle(holds, 60))
    asked = worker.ask(need(W, 41))
    await worker.turn()
    (short,) = (await shortage(asked)).short
    assert (60, 0) == (short.state.spent, short.state.leased)
    assert 0 == store.rows["w"].recall_gen


async def test_a_refusal_at_once_names_the_window_that_no_return_can_help(
    worker: Worker, other: Worker, store: MemoryLeaseStore
):
    spent = await worker.hold(need(W, 95))
    store.post(worker.owner, spent, worker.settle(spent, 95))
    await other.hold(need(V, 60))
    asked = worker.ask(need(V, 60), need(W, 10))
    await worker.turn()
    assert ["w", "v"] == [short.window.id for short in (await shortage(asked)).short]


async def test_a_flood_of_hopeless_requests_does_not_reach_the_store(
    worker: Worker, store: MemoryLeaseStore, clock: FakeClock
):
    holds = await worker.hold(need(W, 100))
    store.post(worker.owner, holds, worker.settle(holds, 100))
    asked = worker.ask(need(W, 1))
    await worker.turn()
    await shortage(asked)
    store.away = True
    for _ in range(100):
        await shortage(worker.ask(need(W, 1)))
    store.away = False
    clock.advance(1)
    later = worker.ask(need(W, 1))
    await worker.turn()
    await shortage(later)


async def test_a_raised_limit_is_believed_before_the_memory_of_what_was_spent(worker: Worker, store: MemoryLeaseStore):
    holds = await worker.hold(need(W, 100))
    store.post(worker.owner, holds, worker.settle(holds, 100))
    asked = worker.ask(need(W, 1))
    await worker.turn()
    await shortage(asked)
    assert (Held("w", NORMAL, 50),) == await worker.hold(need(window("w", 200, limit_version=2), 50))


async def test_nobody_overtakes_one_who_waits(worker: Worker, other: Worker):
    theirs = await other.hold(need(W, 60))
    mine = await worker.hold(need(W, 30))
    large = worker.ask(need(W, 50))
    await worker.turn()
    worker.settle(mine, 0)
    # There is room for a small one, here and in the store, but another came first.
    assert worker.treasury.try_hold([need(W, 5)], critical=False) is None
    small = worker.ask(need(W, 5))
    await worker.turn()
    assert (False, False) == (large.done(), small.done())
    other.settle(theirs, 0)
    other.clock.advance(0.1)
    await other.turn()
    await worker.turn()
    assert (50, 5) == ((await large).holds[0].amount, (await small).holds[0].amount)


async def test_one_who_waits_for_one_window_does_not_stop_those_who_need_another(worker: Worker, other: Worker):
    await other.hold(need(W, 60))
    stuck = worker.ask(need(W, 50))
    await worker.turn()
    assert (Held("v", NORMAL, 50),) == await worker.hold(need(V, 50))
    assert not stuck.done()
    stuck.cancel()


async def test_when_the_first_in_the_queue_leaves_the_next_is_served(worker: Worker, other: Worker):
    await other.hold(need(W, 60))
    large, small = worker.ask(need(W, 50)), worker.ask(need(W, 5))
    await worker.turn()
    assert not small.done()
    large.cancel()
    await worker.turn()
    assert (Held("w", NORMAL, 5),) == (await small).holds


async def test_a_request_that_was_cancelled_while_it_waited_leaves_nothing_behind(worker: Worker, other: Worker):
    await other.hold(need(W, 60))
    asked = worker.ask(need(W, 50))
    await worker.turn()
    asked.cancel()
    await worker.turn()
    account = worker.treasury.book.accounts["w"]
    assert (0, 0, 0) == (account.waiting, account.held, account.normal.free)


async def test_a_hold_that_was_placed_for_one_who_has_just_been_cancelled_is_free_again(worker: Worker):
    asked = worker.ask(need(W, 10))
    await asyncio.sleep(0)
    await worker.treasury.step()
    # The answer is there, and it has not been read.
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    account = worker.treasury.book.accounts["w"]
    assert (0, 10) == (account.held, account.normal.free)


async def test_the_second_form_of_a_request_is_taken_where_only_that_fits(worker: Worker, other: Worker):
    await other.hold(need(W, 60))
    asked = worker.ask(need(W, 50), instead=[need(W, 40)])
    await worker.turn()
    assert (1, (Held("w", NORMAL, 40),)) == await asked


async def test_the_first_form_is_preferred(worker: Worker):
    asked = worker.ask(need(W, 50), instead=[need(W, 40)])
    await worker.turn()
    assert (0, (Held("w", NORMAL, 50),)) == await asked


# -------------------------------------------------------------------- the store is slow, or away


class SlowStore(MemoryLeaseStore):
    """Answers to draws come when the test lets them."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock.now)
        self.gate = asyncio.Event()
        self.gate.set()

    async def draw(self, owner: OwnerId, seq: int, drawings: Sequence[Drawing]) -> Drawn:
        drawn = await super().draw(owner, seq, drawings)
        await self.gate.wait()
        return drawn


async def test_one_who_leaves_while_the_store_answers_leaves_no_queue_behind(clock: FakeClock):
    store = SlowStore(clock)
    worker, other = Worker(store, clock, "a"), Worker(store, clock, "b")
    await other.hold(need(W, 60))
    store.gate.clear()
    asked = worker.ask(need(W, 50))
    turn = asyncio.create_task(worker.turn())
    await until(lambda: worker.treasury.book.accounts)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    store.gate.set()
    await turn
    assert 0 == worker.treasury.book.accounts["w"].waiting


class BusyStore(MemoryLeaseStore):
    """While an answer to a draw is on its way, somebody else holds all that was free: so many times."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock.now)
        self.thefts = 0
        self.worker = Worker(self, clock, "a")

    async def draw(self, owner: OwnerId, seq: int, drawings: Sequence[Drawing]) -> Drawn:
        drawn = await super().draw(owner, seq, drawings)
        if self.thefts:
            self.thefts -= 1
            large = drawings[0].window
            assert self.worker.treasury.try_hold([need(large, self.worker.free_in(large))], critical=False)
        return drawn


async def busy(clock: FakeClock, thefts: int) -> BusyStore:
    """A store with a window so narrow that draws are exact, in which a worker has 20 free."""
    store = BusyStore(clock)
    for owner in "xyz":
        await store.open(OwnerId(owner * 32), node="node", boot_id="boot")
    store.worker.settle(await store.worker.hold(need(NARROW, 20)), 0)
    store.thefts = thefts
    return store


NARROW = window("w", 400)


@pytest.mark.parametrize("thefts", range(DRAWS_AT_ONCE))
async def test_one_whose_room_is_taken_by_others_draws_again(clock: FakeClock, thefts: int):
    store = await busy(clock, thefts)
    assert (Held("w", NORMAL, 50),) == await store.worker.hold(need(NARROW, 50))
    assert 0 == store.thefts


async def test_one_whose_room_is_taken_every_time_waits_its_turn(clock: FakeClock):
    store = await busy(clock, DRAWS_AT_ONCE)
    asked = store.worker.ask(need(NARROW, 50))
    await store.worker.turn()
    assert not asked.done()
    await store.worker.turn()
    assert (Held("w", NORMAL, 50),) == (await asked).holds


async def test_a_draw_that_asked_for_more_than_there_is_asks_again_for_what_it_needs(worker: Worker, other: Worker):
    large = window("w", 1_000)
    # 100 at once, and as much again in the next ten seconds: the worker likes to draw ahead.
    worker.settle(await worker.hold(need(large, 100)), 100)
    await other.hold(need(large, 890))
    assert (Held("w", NORMAL, 10),) == await worker.hold(need(large, 10))


async def test_while_the_store_is_away_requests_wait_and_then_get_503_and_never_429(
    worker: Worker, store: MemoryLeaseStore, clock: FakeClock
):
    store.away = True
    patient, asked_once = worker.ask(need(W, 10)), worker.ask(need(W, 10), patience_s=0)
    assert not await worker.turn()
    clock.advance(AWAY_S - MOMENT_S)
    await worker.turn()
    assert (False, False) == (patient.done(), asked_once.done())
    clock.advance(2 * MOMENT_S)
    await worker.turn()
    for asked in (patient, asked_once):
        with pytest.raises(Unavailable) as refusal:
            await asked
        assert ("budget_store_unavailable", 1) == (refusal.value.code, refusal.value.retry_after_s)


async def test_while_the_store_is_away_what_was_drawn_is_still_spent(worker: Worker, store: MemoryLeaseStore):
    worker.settle(await worker.hold(need(W, 10)), 0)
    store.away = True
    assert (Held("w", NORMAL, 10),) == worker.treasury.try_hold([need(W, 10)], critical=False)


async def test_a_store_that_comes_back_in_time_serves_those_who_waited(worker: Worker, store: MemoryLeaseStore):
    store.away = True
    asked = worker.ask(need(W, 10))
    assert not await worker.turn()
    store.away = False
    assert await worker.turn()
    assert (Held("w", NORMAL, 10),) == (await asked).holds


@pytest.mark.parametrize("failure", Failure)
async def test_a_draw_whose_outcome_is_unknown_is_unusable_until_it_is_known_and_happens_once(
    worker: Worker, store: MemoryLeaseStore, failure: Failure
):
    await worker.turn()
    store.failures = [failure]
    asked = worker.ask(need(W, 10))
    assert not await worker.turn()
    assert (10 if failure is Failure.AFTER_COMMIT else 0) == sum(row.leased for row in store.rows.values())
    assert worker.treasury.try_hold([need(W, 10)], critical=False) is None
    await worker.turn()
    assert (Held("w", NORMAL, 10),) == (await asked).holds
    assert (10, 0) == (leased(store), worker.free_in(W))


@pytest.mark.parametrize("failure", Failure)
async def test_a_return_whose_outcome_is_unknown_happens_once(
    worker: Worker, store: MemoryLeaseStore, clock: FakeClock, failure: Failure
):
    worker.settle(await worker.hold(need(W, 10)), 0)
    clock.advance(6)
    # Of this turn the pulse is answered; the return is not.
    store.failures = [None, failure]
    assert not await worker.turn()
    assert worker.treasury.try_hold([need(W, 10)], critical=False) is None
    assert await worker.turn()
    assert (0, 0) == (leased(store), worker.free_in(W))


@pytest.mark.parametrize("failure", Failure)
async def test_nothing_else_is_asked_before_an_unknown_outcome_is_known(
    worker: Worker, store: MemoryLeaseStore, failure: Failure
):
    await worker.turn()
    store.failures = [failure, failure, failure]
    first = worker.ask(need(W, 10))
    await worker.turn()
    second = worker.ask(need(V, 10))
    await worker.turn(2)
    assert (False, False) == (first.done(), second.done())
    assert "v" not in store.rows
    await worker.turn()
    assert (10, 10) == ((await first).holds[0].amount, (await second).holds[0].amount)
    assert (10, 10, 2) == (leased(store), leased(store, "v"), store.owners[worker.owner].op_seq)


async def test_a_worker_that_the_store_has_closed_admits_nothing(worker: Worker, store: MemoryLeaseStore):
    worker.settle(await worker.hold(need(W, 10)), 0)
    store.close(worker.owner)
    waiting = worker.ask(need(W, 50))
    await worker.turn()
    assert worker.treasury.closed
    with pytest.raises(Unavailable):
        await waiting
    # Not even from what it still believes to have: all of it was released.
    with pytest.raises(Unavailable) as refusal:
        worker.treasury.try_hold([need(W, 1)], critical=False)
    assert "not_admitting" == refusal.value.code
    with pytest.raises(Unavailable):
        await worker.treasury.place_hold([[need(W, 1)]], critical=False)


async def test_a_store_that_lost_what_it_had_acknowledged_closes_the_worker(
    worker: Worker, store: MemoryLeaseStore, clock: FakeClock
):
    await worker.hold(need(W, 10))
    known = store.owners[worker.owner]
    store.owners[worker.owner] = type(known)(op_seq=known.op_seq - 1)
    clock.advance(1)
    await worker.turn()
    assert worker.treasury.closed


# -------------------------------------------------------------------- critical tasks

SOFT = window("w", 100, hard=200)


async def test_critical_requests_go_to_the_hard_limit_and_others_stop_at_the_limit(
    worker: Worker, store: MemoryLeaseStore
):
    normal = await worker.hold(need(SOFT, 90))
    asked = worker.ask(need(SOFT, 20), patience_s=0)
    await worker.turn()
    await shortage(asked)
    critical = await worker.hold(need(SOFT, 110), critical=True)
    assert (NORMAL, CRITICAL) == (normal[0].lease_class, critical[0].lease_class)
    assert 200 == leased(store)
    asked = worker.ask(need(SOFT, 1), critical=True, patience_s=0)
    await worker.turn()
    await shortage(asked)


async def test_critical_requests_use_normal_room_first(worker: Worker):
    assert (Held("w", NORMAL, 100),) == await worker.hold(need(SOFT, 100), critical=True)


async def test_what_a_critical_request_took_above_the_limit_goes_back_when_it_is_settled(
    worker: Worker, store: MemoryLeaseStore
):
    await worker.hold(need(SOFT, 90))
    critical = await worker.hold(need(SOFT, 110), critical=True)
    charges = worker.settle(critical, 30)
    store.post(worker.owner, critical, charges)
    await worker.turn()
    assert (0, 90, 30) == (worker.free_in(SOFT, CRITICAL), leased(store), store.rows["w"].spent)


async def test_what_a_critical_request_leaves_is_there_for_those_who_wait(worker: Worker, clock: FakeClock):
    await worker.hold(need(SOFT, 60))
    critical = await worker.hold(need(SOFT, 50), critical=True)
    asked = worker.ask(need(SOFT, 40))
    await worker.turn()
    worker.settle(critical, 0)
    clock.advance(PATIENCE_S)
    await worker.turn()
    assert (Held("w", NORMAL, 40),) == (await asked).holds


async def test_other_requests_never_use_what_was_drawn_for_a_critical_one(worker: Worker):
    await worker.hold(need(SOFT, 90))
    worker.settle(await worker.hold(need(SOFT, 110), critical=True), 0)
    assert 110 == worker.free_in(SOFT, CRITICAL)
    assert worker.treasury.try_hold([need(SOFT, 50)], critical=False) is None


async def test_a_critical_request_draws_only_where_it_must_from_what_is_kept_for_it(
    worker: Worker, store: MemoryLeaseStore
):
    await worker.hold(need(SOFT, 90))
    holds = await worker.hold(need(V, 20), need(SOFT, 20), critical=True)
    assert [("v", NORMAL), ("w", CRITICAL)] == [(held.window, held.lease_class) for held in holds]
    assert (20, 110) == (leased(store, "v"), leased(store))


async def test_under_a_hard_budget_a_critical_request_that_waited_uses_what_is_free_here(worker: Worker, other: Worker):
    free = await worker.hold(need(W, 50))
    theirs = await other.hold(need(W, 45))
    asked = worker.ask(need(W, 55), critical=True)
    await worker.turn()
    worker.treasury.release(free)
    other.clock.advance(PATIENCE_S / 2)
    await worker.turn()
    # 50 are free here and 5 in the store: together enough, though the store alone has far too little.
    assert (Held("w", NORMAL, 55),) == (await asked).holds
    other.treasury.release(theirs)


# -------------------------------------------------------------------- near the limit, and at rest


async def test_near_the_limit_draws_are_exact_and_what_is_left_of_them_goes_back(
    worker: Worker, store: MemoryLeaseStore
):
    await worker.hold(need(W, 85))
    holds = await worker.hold(need(W, 10))
    assert (True, 95) == (store.rows["w"].scarce, leased(store))
    charges = worker.settle(holds, 4)
    await worker.turn()
    assert (0, 89) == (worker.free_in(W), leased(store))
    store.post(worker.owner, holds, charges)


async def test_far_from_the_limit_a_worker_draws_ahead_and_keeps_what_is_left(worker: Worker, store: MemoryLeaseStore):
    large = window("w", 1_000_000)
    for _ in range(3):
        holds = await worker.hold(need(large, 1_000))
        worker.settle(holds, 500)
    await worker.turn()
    assert leased(store) > 1_500
    assert leased(store) - 1_500 == worker.free_in(large)


async def test_what_was_not_used_for_five_seconds_goes_back(worker: Worker, store: MemoryLeaseStore, clock: FakeClock):
    worker.settle(await worker.hold(need(W, 10)), 0)
    clock.advance(4.9)
    await worker.turn()
    assert 10 == leased(store)
    clock.advance(1.1)
    await worker.turn()
    assert (0, 0) == (leased(store), worker.free_in(W))


async def test_windows_that_nothing_is_left_of_are_forgotten(worker: Worker, clock: FakeClock):
    worker.settle(await worker.hold(need(W, 10)), 0)
    for _ in range(3):
        clock.advance(6)
        await worker.turn()
    assert {} == worker.treasury.book.accounts


async def test_a_window_in_which_something_is_held_is_remembered(worker: Worker, clock: FakeClock):
    holds = await worker.hold(need(W, 10))
    for _ in range(3):
        clock.advance(6)
        await worker.turn()
    worker.settle(holds, 4)
    assert 6 == worker.free_in(W)


# -------------------------------------------------------------------- the task


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The task looks again at once, whatever the test's clock says; what is decided is the clock's."""
    monkeypatch.setattr(rules, "PROBE_S", MOMENT_S)
    monkeypatch.setattr(rules, "RETRY_S", MOMENT_S)


@pytest.mark.usefixtures("quick")
async def test_the_task_serves_whoever_comes(worker: Worker, other: Worker, clock: FakeClock, store: MemoryLeaseStore):
    running = [asyncio.create_task(each.treasury.run()) for each in (worker, other)]
    theirs = (await other.treasury.place_hold([[need(W, 60)]], critical=False)).holds
    asked = worker.ask(need(W, 50))
    await until(lambda: store.rows["w"].recall_gen)
    other.settle(theirs, 0)
    clock.advance(0.1)
    assert (Held("w", NORMAL, 50),) == (await asked).holds
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


@pytest.mark.usefixtures("quick")
async def test_the_task_goes_on_when_the_store_comes_back(worker: Worker, store: MemoryLeaseStore):
    store.failures = [Failure.BEFORE_COMMIT, Failure.AFTER_COMMIT, Failure.AFTER_COMMIT]
    running = asyncio.create_task(worker.treasury.run())
    placed = await worker.treasury.place_hold([[need(W, 10)]], critical=False)
    assert (Held("w", NORMAL, 10),) == placed.holds
    assert 10 == leased(store)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.usefixtures("quick")
async def test_nobody_waits_for_a_task_that_has_ended(store: MemoryLeaseStore, clock: FakeClock):
    broken = Treasury(store, clock, OWNER, node="node", boot_id="boot")
    store.draw = lambda *_: 1 / 0  # a fault of ours
    running = asyncio.create_task(broken.run())
    with pytest.raises(Unavailable):
        await broken.place_hold([[need(W, 10)]], critical=False)
    with pytest.raises(ZeroDivisionError):
        await running
    with pytest.raises(Unavailable):
        await broken.place_hold([[need(W, 10)]], critical=False)


@pytest.mark.usefixtures("quick")
async def test_the_task_ends_when_its_worker_is_closed(worker: Worker, store: MemoryLeaseStore, clock: FakeClock):
    running = asyncio.create_task(worker.treasury.run())
    await worker.treasury.place_hold([[need(W, 10)]], critical=False)
    store.close(worker.owner)
    clock.advance(1)
    await running
    assert worker.treasury.closed
