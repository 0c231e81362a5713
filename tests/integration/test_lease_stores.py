"""One behaviour, three lease stores: rules 5 to 9 of the money protocol."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headgate.domain.budget import WindowId
from headgate.domain.ids import OwnerId
from headgate.infra.leases.rules import NotLeasedError
from headgate.ledger.windows import WindowState
from headgate.pipeline.ports import LeaseStore, OwnerClosedError
from tests.kit.leases import (
    Backend,
    Kept,
    MemoryBackend,
    PostgresBackend,
    SqlBackend,
    SqliteBackend,
    audit,
    take,
    window,
)
from tests.kit.postgres import DATABASES, fresh_database

A, B = OwnerId("a" * 32), OwnerId("b" * 32)
W, V = WindowId("w"), WindowId("v")


def backend_of(kind: str, folder: Path) -> Backend:
    if kind == "memory":
        return MemoryBackend()
    return SqliteBackend(folder) if kind == "sqlite" else PostgresBackend(fresh_database())


@pytest.fixture(params=["memory", *DATABASES])
async def backend(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    made = backend_of(request.param, tmp_path)
    yield made
    audit(made)
    await made.end()


@pytest.fixture(params=DATABASES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlBackend]:
    made = backend_of(request.param, tmp_path)
    assert isinstance(made, SqlBackend)
    yield made
    await made.end()


@pytest.fixture
async def store(backend: Backend) -> LeaseStore:
    """The store, with one owner."""
    store = backend.connect()
    await store.open(A, node="node", boot_id="boot")
    return store


async def test_a_draw_opens_windows_and_takes_from_all_of_them(store: LeaseStore, backend: Backend):
    drawn = await store.draw(A, 1, [take(window("w"), 30), take(window("v", 50), 20)])
    assert frozenset() == drawn.missed
    expected = {V: WindowState(50, 50, 0, 20, False, 0), W: WindowState(100, 100, 0, 30, False, 0)}
    assert expected == drawn.states == await store.states([W, V, WindowId("never drawn from")])
    assert {(W, A): 30, (V, A): 20} == backend.leases()


async def test_every_column_of_a_new_window_is_its_specification(database: SqlBackend):
    store = database.connect()
    await store.open(A, node="node", boot_id="boot")
    spec = window(
        "w", 7, hard=9, organization_id=None, ends_at=None, subject="günther 🦊 \"'", limit_version=3, epoch=2
    )
    await store.draw(A, 1, [take(spec, 1)])
    columns = "budget_id, organization_id, scope, subject, label, epoch, unit, starts_at, ends_at, currency, usd_rate"
    (row,) = database.query(f"SELECT {columns} FROM headgate_window")
    names = columns.split(", ")
    assert {name: getattr(spec, name) for name in names} == dict(zip(names, row, strict=True))
    assert {W: Kept(7, 9, 3, 0, 1, 0)} == database.windows()


async def test_amounts_are_exact_to_the_last_of_nine_quintillion(store: LeaseStore, backend: Backend):
    most = 2**63 - 1
    await store.draw(A, 1, [take(window("w", most), most - 1)])
    assert frozenset({W}) == (await store.draw(A, 2, [take(window("w", most), 2)])).missed
    await store.draw(A, 2, [take(window("w", most), 1)])
    assert {(W, A): most} == backend.leases()


async def test_a_missed_draw_changes_nothing_and_its_number_is_free(store: LeaseStore, backend: Backend):
    await store.draw(A, 1, [take(window("w"), 30)])
    drawn = await store.draw(A, 2, [take(window("w"), 71), take(window("v", 50), 1), take(window("u", 5), 6)])
    assert {W, "u"} == drawn.missed
    untouched = {V: WindowState(50, 50, 0, 0, False, 0), "u": WindowState(5, 5, 0, 0, False, 0)}
    assert {W: WindowState(100, 100, 0, 30, False, 0), **untouched} == drawn.states
    assert {W} == backend.windows().keys()
    assert {(W, A): 30} == backend.leases()
    assert 1 == (await store.pulse(A)).op_seq
    assert frozenset() == (await store.draw(A, 2, [take(window("w"), 70)])).missed


async def test_the_same_number_twice_happens_once(store: LeaseStore, backend: Backend):
    draw = [take(window("w"), 30), take(window("v"), 1)]
    first = await store.draw(A, 1, draw)
    assert first == await store.draw(A, 1, draw)
    states = await store.give_back(A, 2, [take(window("w"), 10)])
    assert states == await store.give_back(A, 2, [take(window("w"), 10)])
    assert {(W, A): 20, (V, A): 1} == backend.leases()


@pytest.mark.parametrize("seq", [0, 3])
async def test_a_number_that_is_not_the_next_is_refused(seq: int, store: LeaseStore, backend: Backend):
    await store.draw(A, 1, [take(window("w"), 30)])
    with pytest.raises(OwnerClosedError):
        await store.draw(A, seq, [take(window("v"), 1)])
    with pytest.raises(OwnerClosedError):
        await store.give_back(A, seq, [take(window("w"), 1)])
    assert {(W, A): 30} == backend.leases()


async def test_an_owner_that_was_closed_or_never_opened_gets_nothing(store: LeaseStore, backend: Backend):
    await store.draw(A, 1, [take(window("w"), 30)])
    backend.close_owner(A)
    # Number 1 happened, but what it drew was released.
    for owner, seq in ((A, 1), (A, 2), (B, 1)):
        with pytest.raises(OwnerClosedError):
            await store.draw(owner, seq, [take(window("w"), 1)])
        with pytest.raises(OwnerClosedError):
            await store.give_back(owner, seq, [take(window("w"), 1)])
    pulse = await store.pulse(A)
    assert (1, False, 0, {}) == (pulse.op_seq, pulse.open, pulse.owners, pulse.attention)
    assert (0, False) == ((await store.pulse(B)).op_seq, (await store.pulse(B)).open)


async def test_opening_a_second_time_changes_nothing(store: LeaseStore, backend: Backend):
    await store.draw(A, 1, [take(window("w"), 30)])
    await store.open(A, node="another", boot_id="another")
    assert (1, True, 1) == (await store.pulse(A))[1:4]
    backend.close_owner(A)
    await store.open(A, node="node", boot_id="boot")
    assert not (await store.pulse(A)).open


async def test_an_owner_is_registered_as_the_control_plane_would(database: SqlBackend):
    await database.connect().open(A, node="node", boot_id="boot")
    found = database.query("SELECT id, node, boot_id, state, op_seq, closed_at FROM headgate_owner")
    assert [(A, "node", "boot", "open", 0, None)] == list(found)
    assert [(A, 0, 0)] == list(database.query("SELECT owner_id, posted, low_watermark FROM headgate_cursor"))


async def test_critical_draws_go_to_the_hard_limit_and_normal_ones_to_the_limit(store: LeaseStore, backend: Backend):
    soft = window("w", 100, hard=120)
    assert {W} == (await store.draw(A, 1, [take(soft, 101)])).missed
    await store.draw(A, 1, [take(soft, 100)])
    assert {W} == (await store.draw(A, 2, [take(soft, 1)])).missed
    assert {W} == (await store.draw(A, 2, [take(soft, 21, critical=True)])).missed
    await store.draw(A, 2, [take(soft, 20, critical=True)])
    assert Kept(100, 120, 1, 0, 120, 0) == backend.windows()[W]


async def test_both_leases_of_a_window_may_be_drawn_at_once(store: LeaseStore, backend: Backend):
    soft = window("w", 100, hard=120)
    both = [take(soft, 20, critical=True), take(soft, 60), take(soft, 40)]
    assert not (await store.draw(A, 1, both)).missed
    assert 120 == backend.windows()[W].leased
    with pytest.raises(NotLeasedError):
        await store.give_back(A, 2, [take(soft, 21, critical=True)])
    await store.give_back(A, 2, both)
    assert {} == backend.leases()


async def test_the_newer_limit_wins(store: LeaseStore, backend: Backend):
    await store.draw(A, 1, [take(window("w", 100), 30)])
    raised = window("w", 200, hard=300, limit_version=3)
    assert WindowState(200, 300, 0, 150, False, 0) == (await store.draw(A, 2, [take(raised, 120)])).states[W]
    older = window("w", 500, hard=500, limit_version=2)
    drawn = await store.draw(A, 3, [take(older, 51)])
    assert ({W}, WindowState(200, 300, 0, 150, False, 0)) == (drawn.missed, drawn.states[W])
    assert Kept(200, 300, 3, 0, 150, 0) == backend.windows()[W]


async def test_a_limit_that_was_lowered_below_what_is_leased_refuses(store: LeaseStore, backend: Backend):
    await store.draw(A, 1, [take(window("w", 100), 30)])
    drawn = await store.draw(A, 2, [take(window("w", 20, limit_version=2), 1)])
    assert ({W}, WindowState(20, 20, 0, 30, False, 0)) == (drawn.missed, drawn.states[W])
    # It did not happen: whoever changes the limit writes it himself.
    assert Kept(100, 100, 1, 0, 30, 0) == backend.windows()[W]


async def test_a_return_is_there_for_others(store: LeaseStore, backend: Backend):
    other = backend.connect()
    await other.open(B, node="node", boot_id="boot")
    await store.draw(A, 1, [take(window("w"), 100), take(window("v"), 10)])
    assert {W} == (await other.draw(B, 1, [take(window("w"), 60)])).missed
    states = await store.give_back(A, 2, [take(window("w"), 60), take(window("v"), 10)])
    assert (40, 0) == (states[W].leased, states[V].leased)
    await other.draw(B, 1, [take(window("w"), 60)])
    assert {(W, A): 40, (W, B): 60} == backend.leases()


async def test_nobody_returns_more_than_the_lease_has(store: LeaseStore, backend: Backend):
    other = backend.connect()
    await other.open(B, node="node", boot_id="boot")
    await store.draw(A, 1, [take(window("w"), 10)])
    await other.draw(B, 1, [take(window("w"), 10)])
    for owner, returns in ((A, [take(window("w"), 11)]), (A, [take(window("w"), 1), take(window("v"), 1)])):
        with pytest.raises(NotLeasedError):
            await store.give_back(owner, 2, returns)
    assert {(W, A): 10, (W, B): 10} == backend.leases()
    assert 1 == (await store.pulse(A)).op_seq


async def test_a_window_is_scarce_while_little_more_than_the_typical_holds_fits(store: LeaseStore, backend: Backend):
    other = backend.connect()
    await other.open(B, node="node", boot_id="boot")
    # Two owners, a typical hold of 5: scarce below 20.
    assert not (await store.draw(A, 1, [take(window("w"), 80, typical=5)])).states[W].scarce
    assert (await other.draw(B, 1, [take(window("w"), 1, typical=5)])).states[W].scarce
    assert {W} == (await store.pulse(A)).attention.keys() == (await other.pulse(B)).attention.keys()
    assert not (await store.give_back(A, 2, [take(window("w"), 1, typical=5)]))[W].scarce
    assert {} == (await store.pulse(A)).attention


async def test_a_recall_reaches_those_who_have_a_lease(store: LeaseStore, backend: Backend):
    other = backend.connect()
    await other.open(B, node="node", boot_id="boot")
    await store.draw(A, 1, [take(window("w"), 10), take(window("v"), 10)])
    await other.draw(B, 1, [take(window("v"), 10)])
    recalled = await other.recall([W, WindowId("never drawn from")])
    assert {W: WindowState(100, 100, 0, 10, False, 1)} == recalled == (await store.pulse(A)).attention
    assert {} == (await other.pulse(B)).attention
    assert 2 == (await other.recall([V, W]))[W].recall_gen
    await store.give_back(A, 2, [take(window("w"), 10)])
    assert {V} == (await store.pulse(A)).attention.keys()


async def test_a_pulse_tells_the_stores_time_and_who_is_open(store: LeaseStore, backend: Backend):
    await backend.connect().open(B, node="node", boot_id="boot")
    before = time.time()
    pulse = await store.pulse(A)
    # Milliseconds are all that SQLite tells.
    assert before - 0.002 <= pulse.now <= time.time() + 0.002
    assert (0, True, 2, {}) == pulse[1:]


async def test_nothing_can_be_drawn_or_asked_in_no_window(store: LeaseStore):
    assert ({}, {}) == (await store.states([]), await store.recall([]))
    for amount in (0, -5):
        with pytest.raises(ValueError, match="no amount"):
            await store.draw(A, 1, [take(window("w"), amount)])


async def draw_until_it_is_empty(store: LeaseStore, owner: OwnerId, names: list[str], chance: random.Random) -> int:
    """Draw one from all windows until one of them is empty, giving some back on the way; how much is kept."""
    seq = kept = 0
    while True:
        order = chance.sample(names, len(names))
        if kept and chance.random() < 0.3:
            seq += 1
            await store.give_back(owner, seq, [take(window(name, 60), 1) for name in order])
            kept -= 1
        elif chance.random() < 0.1:
            await store.recall([WindowId(name) for name in order])
        elif (await store.draw(owner, seq + 1, [take(window(name, 60), 1) for name in order])).missed:
            return kept
        else:
            seq, kept = seq + 1, kept + 1


async def test_many_owners_draw_everything_that_fits_and_no_more(backend: Backend):
    """In any order of windows, that begin to exist meanwhile: nobody waits for ever, and nobody is refused too early."""
    owners = [OwnerId(f"{number:032}") for number in range(6)]
    stores = [backend.connect() for _ in owners]
    for owner, store in zip(owners, stores, strict=True):
        await store.open(owner, node="node", boot_id="boot")
    # "Z" < "a" for bytes, and the other way round for people: writers must agree.
    names = ["a", "Z", "é", "b"]
    kept = await asyncio.gather(
        *(
            draw_until_it_is_empty(store, owner, names, random.Random(owner))
            for owner, store in zip(owners, stores, strict=True)
        )
    )
    # Who was refused had seen all windows full; what others gave back since is still there.
    assert sum(kept) <= 60
    rest = 60 - sum(kept)
    if rest:
        seq = (await stores[0].pulse(owners[0])).op_seq
        assert not (await stores[0].draw(owners[0], seq + 1, [take(window(name, 60), rest) for name in names])).missed
    assert {60} == {row.leased for row in backend.windows().values()}


async def test_draws_and_a_posting_that_goes_from_window_to_window_do_not_wait_for_each_other(database: SqlBackend):
    """Ingest locks in the order of Python's strings, one window after the other, and so does whoever draws."""
    store, names = database.connect(), ["a", "Z", "é", "b", "_", "B"]
    await store.open(A, node="node", boot_id="boot")
    await store.draw(A, 1, [take(window(name, 10_000), 1) for name in names])
    posting = [f"UPDATE headgate_window SET spent = spent + 1 WHERE id = '{name}'" for name in sorted(names)]
    begin = "BEGIN" if isinstance(database, PostgresBackend) else "BEGIN IMMEDIATE"

    def post() -> None:
        for _ in range(40):
            database.together([begin, *posting, "COMMIT"])

    posted = asyncio.create_task(asyncio.to_thread(post))
    seq = 1
    while not posted.done():
        seq += 1
        assert not (await store.draw(A, seq, [take(window(name, 10_000), 1) for name in reversed(names)])).missed
    await posted
    assert {(40, seq)} == {(row.spent, row.leased) for row in database.windows().values()}


async def test_single_draws_without_returns_fill_a_window_to_the_last(backend: Backend):
    owners = [OwnerId(f"{number:032}") for number in range(4)]
    stores = [backend.connect() for _ in owners]

    async def fill(store: LeaseStore, owner: OwnerId) -> int:
        await store.open(owner, node="node", boot_id="boot")
        seq = 0
        while not (await store.draw(owner, seq + 1, [take(window("w", 101), 1)])).missed:
            seq += 1
        return seq

    drawn = await asyncio.gather(*(fill(store, owner) for store, owner in zip(stores, owners, strict=True)))
    assert 101 == sum(drawn)


async def test_the_database_itself_refuses_an_overdraft(database: SqlBackend):
    store = database.connect()
    await store.open(A, node="node", boot_id="boot")
    await store.draw(A, 1, [take(window("w", 100, hard=120), 100)])
    for column in ("leased = leased + 21", "spent = spent + 21", "spent = -1", "leased = -1", "hard_limit = 99"):
        with pytest.raises(Exception, match=r"(?i)check|constraint"):
            database.query(f"UPDATE headgate_window SET {column}")
    with pytest.raises(Exception, match=r"(?i)check|constraint"):
        database.query("UPDATE headgate_lease SET remaining = remaining - 101")
    database.query("UPDATE headgate_window SET spent = spent + 21, excess = 1")
    database.query("UPDATE headgate_window SET spent = 0, excess = 0")
    audit(database)
