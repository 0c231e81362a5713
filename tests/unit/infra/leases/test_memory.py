"""What the twin in memory can do beyond its port. The port itself: tests/integration/test_lease_stores.py."""

import pytest

from headgate.domain.budget import LeaseClass, WindowId
from headgate.domain.ids import OwnerId
from headgate.infra.leases.memory import Failure, MemoryLeaseStore
from headgate.infra.leases.rules import Row
from headgate.ledger.records import Charge, Held
from headgate.pipeline.ports import OwnerClosedError, StoreUnavailableError
from tests.kit.leases import take, window

A, B, W = OwnerId("a" * 32), OwnerId("b" * 32), WindowId("w")


@pytest.fixture
async def store() -> MemoryLeaseStore:
    made = MemoryLeaseStore(lambda: 12.5)
    await made.open(A, node="node", boot_id="boot")
    return made


def held(amount: int, lease_class: LeaseClass = LeaseClass.NORMAL) -> Held:
    return Held(window=W, lease_class=lease_class, amount=amount)


async def test_what_failed_before_its_commit_did_not_happen(store: MemoryLeaseStore):
    store.failures = [Failure.BEFORE_COMMIT]
    with pytest.raises(StoreUnavailableError):
        await store.draw(A, 1, [take(window(), 5)])
    assert {} == store.rows
    assert not (await store.draw(A, 1, [take(window(), 5)])).missed


async def test_what_failed_after_its_commit_happened_once(store: MemoryLeaseStore):
    store.failures = [Failure.AFTER_COMMIT, Failure.AFTER_COMMIT]
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            await store.draw(A, 1, [take(window(), 5)])
    await store.draw(A, 1, [take(window(), 5)])
    assert 5 == store.remaining(A, W, LeaseClass.NORMAL)
    store.failures = [Failure.AFTER_COMMIT]
    with pytest.raises(StoreUnavailableError):
        await store.give_back(A, 2, [take(window(), 5)])
    assert 0 == (await store.give_back(A, 2, [take(window(), 5)]))[W].leased


async def test_failures_come_in_their_order(store: MemoryLeaseStore):
    store.failures = [Failure.BEFORE_COMMIT, Failure.AFTER_COMMIT]
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            await store.open(B, node="node", boot_id="boot")
    assert 2 == (await store.pulse(A)).owners


async def test_a_store_that_is_away_answers_nothing(store: MemoryLeaseStore):
    store.away = True
    for asked in (store.pulse(A), store.states([W]), store.recall([W]), store.draw(A, 1, [take(window(), 5)])):
        with pytest.raises(StoreUnavailableError):
            await asked
    store.away = False
    assert (12.5, 0, True, 1, {}) == await store.pulse(A)


async def test_posting_moves_from_leased_to_spent(store: MemoryLeaseStore):
    await store.draw(A, 1, [take(window(), 50)])
    store.post(A, [held(30)], [Charge(cost=20, from_lease=20)])
    assert (20, 30) == (store.rows[W].spent, store.rows[W].leased)
    assert 30 == store.remaining(A, W, LeaseClass.NORMAL)


async def test_an_overrun_is_spent_in_full_and_may_pass_the_limit(store: MemoryLeaseStore):
    await store.draw(A, 1, [take(window(), 100)])
    store.post(A, [held(100)], [Charge(cost=130, from_lease=100)])
    assert (130, 0, 30) == (store.rows[W].spent, store.rows[W].leased, store.rows[W].excess)
    assert {W: 30} == store.overruns
    assert {W} == (await store.draw(A, 2, [take(window(), 1)])).missed


async def test_a_posting_takes_no_more_than_the_lease_still_has(store: MemoryLeaseStore):
    await store.draw(A, 1, [take(window(), 10)])
    store.post(A, [held(30)], [Charge(cost=30, from_lease=30)])
    assert (30, 0, 20) == (store.rows[W].spent, store.rows[W].leased, store.overruns[W])


async def test_closing_releases_what_remains_of_every_lease_of_the_owner(store: MemoryLeaseStore):
    await store.open(B, node="node", boot_id="boot")
    await store.draw(A, 1, [take(window(hard=150), 10), take(window(hard=150), 5, critical=True)])
    await store.draw(B, 1, [take(window(), 7)])
    store.close(A)
    assert (7, {(B, LeaseClass.NORMAL): 7}) == (store.rows[W].leased, store.leases[W])
    for after_the_end in (lambda: store.close(A), lambda: store.post(A, [], []), lambda: store.close(OwnerId("c"))):
        with pytest.raises(OwnerClosedError):
            after_the_end()


async def test_a_limit_that_is_lowered_below_what_is_leased_leaves_an_excess(store: MemoryLeaseStore):
    await store.draw(A, 1, [take(window(), 50)])
    store.limit(W, 20, 20, 2)
    assert (20, 30) == (store.rows[W].limit, store.rows[W].excess)
    store.limit(W, 500, 500, 1)
    assert 20 == store.rows[W].limit
    await store.give_back(A, 2, [take(window(), 40)])
    assert 0 == store.rows[W].excess


async def test_a_row_that_does_not_add_up_is_seen(store: MemoryLeaseStore):
    await store.draw(A, 1, [take(window(), 50)])
    store.rows[W] = Row(
        id=W, limit=100, hard=100, limit_version=1, spent=0, leased=40, excess=0, scarce=False, recall_gen=0
    )
    with pytest.raises(AssertionError, match="w: "):
        await store.draw(A, 2, [take(window(), 1)])
