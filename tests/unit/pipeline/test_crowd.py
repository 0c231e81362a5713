"""Cold windows of many requests at once, in turns that the tests take."""

import pytest

from headgate.infra.leases.memory import MemoryLeaseStore
from headgate.ledger.leases import LeaseBook, Need
from headgate.ledger.windows import WindowState
from headgate.pipeline.crowd import CROWD, crowd_of, together
from headgate.pipeline.waiting import ShortageError
from tests.kit.fakes import FakeClock
from tests.kit.leases import window
from tests.kit.workers import Worker

ANNA, BEN, CARLA, ALL = (window(name, 100) for name in ("anna", "ben", "carla", "system"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> MemoryLeaseStore:
    return MemoryLeaseStore(clock.now)


@pytest.fixture
def worker(store: MemoryLeaseStore, clock: FakeClock) -> Worker:
    return Worker(store, clock)


def operations(store: MemoryLeaseStore, worker: Worker) -> int:
    return store.owners[worker.owner].op_seq


def leased(store: MemoryLeaseStore) -> dict[str, int]:
    return {name: row.leased for name, row in store.rows.items()}


def test_a_crowd_needs_what_each_needs_of_a_window_and_no_window_twice():
    crowd = [[Need(BEN, 5), Need(ALL, 5)], [Need(ANNA, 7), Need(ALL, 7)]]
    assert [Need(ANNA, 7), Need(BEN, 5), Need(ALL, 12)] == together(crowd, without=())


def test_who_needs_a_missed_window_is_no_part_of_it():
    crowd = [[Need(BEN, 5), Need(ALL, 5)], [Need(ANNA, 7), Need(ALL, 7)]]
    assert [Need(ANNA, 7), Need(ALL, 7)] == together(crowd, without={BEN.id})


def test_windows_that_the_store_was_asked_about_are_left_to_each_request():
    book = LeaseBook()
    book.account(ALL, 0)
    book.learn({ALL.id: WindowState(100, 100, 0, 0, scarce=False, recall_gen=0)}, 0)
    assert [[Need(BEN, 5)]] == crowd_of(book, [[Need(BEN, 5), Need(ALL, 5)], [Need(ALL, 7)]])


def test_a_crowd_has_an_end():
    assert CROWD == len(crowd_of(LeaseBook(), [[Need(BEN, 1)]] * (CROWD + 1)))


async def test_requests_that_meet_cold_windows_together_are_served_by_one_draw(worker: Worker, store: MemoryLeaseStore):
    asked = [worker.ask(Need(each, 10), Need(ALL, 10)) for each in (ANNA, BEN, CARLA)]
    await worker.turn()
    assert ["anna", "ben", "carla"] == [task.result().holds[0].window for task in asked]
    assert 1 == operations(store, worker)
    assert {"anna": 10, "ben": 10, "carla": 10, "system": 30} == leased(store)


async def test_one_without_room_is_refused_alone_and_takes_nothing(worker: Worker, store: MemoryLeaseStore):
    poor = window("poor", 9)
    asked = [worker.ask(Need(each, 10), Need(ALL, 10)) for each in (ANNA, poor, CARLA)]
    await worker.turn()
    with pytest.raises(ShortageError) as refusal:
        await asked[1]
    assert ["poor"] == [short.window.id for short in refusal.value.short]
    assert asked[0].done()
    assert asked[2].done()
    assert 1 == operations(store, worker)
    assert {"anna": 10, "carla": 10, "system": 20} == leased(store)


async def test_where_there_is_not_room_for_all_there_is_for_the_first(worker: Worker, store: MemoryLeaseStore):
    asked = [worker.ask(Need(ANNA, 60), patience_s=0) for _ in range(2)]
    await worker.turn()
    assert 60 == asked[0].result().holds[0].amount
    with pytest.raises(ShortageError):
        await asked[1]
    assert {"anna": 60} == leased(store)
