"""What a lease store does when its database fails: the outcome is unknown, and the same number finds it out."""

import asyncio
import random
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from headgate.domain.budget import WindowId
from headgate.domain.ids import OwnerId
from headgate.infra.leases.sqlite import SqliteLeaseStore
from headgate.infra.leases.threaded import ThreadedLeaseStore
from headgate.infra.postgres import connect
from headgate.pipeline.ports import StoreUnavailableError
from tests.kit.cutting import Cut, CuttingProxy
from tests.kit.environment import ROOT
from tests.kit.gateway import wait_until
from tests.kit.leases import PostgresBackend, SqliteBackend, audit, take, window
from tests.kit.postgres import fresh_database, needs_postgres

A, B = OwnerId("a" * 32), OwnerId("b" * 32)
W = WindowId("w")
WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
async def postgres() -> AsyncIterator[PostgresBackend]:
    backend = PostgresBackend(fresh_database())
    yield backend
    audit(backend)
    await backend.end()


@pytest.fixture
def proxy(postgres: PostgresBackend) -> Iterator[CuttingProxy]:
    made = CuttingProxy(postgres.url)
    yield made
    made.close()


class Postgres:
    """Tests that need a server of their own."""

    pytestmark = needs_postgres


class TestPostgresCutAtCommit(Postgres):
    @pytest.mark.parametrize(
        ("cut", "happened"), [(Cut.BEFORE, False), (Cut.AFTER, True), (Cut.BLIND, None), (Cut.SILENT, False)]
    )
    async def test_the_same_number_finds_out(
        self,
        cut: Cut,
        happened: bool | None,
        postgres: PostgresBackend,
        proxy: CuttingProxy,
        monkeypatch: pytest.MonkeyPatch,
    ):
        monkeypatch.setattr("headgate.infra.postgres.ANSWER_WITHIN_S", 1.0)
        store = PostgresBackend(proxy.url).connect()
        await store.open(A, node="node", boot_id="boot")
        for seq, operation in ((1, store.draw), (2, store.give_back)):
            proxy.next = cut
            amount = 30 if seq == 1 else 10
            with pytest.raises(StoreUnavailableError):
                await operation(A, seq, [take(window("w"), amount)])
            if happened is not None:
                assert seq - 1 + happened == (await store.pulse(A)).op_seq
            await operation(A, seq, [take(window("w"), amount)])
            assert seq == (await store.pulse(A)).op_seq
        assert {(W, A): 20} == postgres.leases()
        assert 2 == proxy.cuts
        await store.close()

    async def test_registering_may_be_asked_again(self, postgres: PostgresBackend, proxy: CuttingProxy):
        store = PostgresBackend(proxy.url).connect()
        proxy.next = Cut.AFTER
        with pytest.raises(StoreUnavailableError):
            await store.open(A, node="node", boot_id="boot")
        await store.open(A, node="node", boot_id="boot")
        assert (0, True, 1) == (await store.pulse(A))[1:4]
        await store.close()

    async def test_a_storm_of_cuts_loses_and_doubles_nothing(self, postgres: PostgresBackend, proxy: CuttingProxy):
        chance = random.Random(20_261_120)
        owners = [A, B, OwnerId("c" * 32)]

        async def work(owner: OwnerId) -> int:
            store = PostgresBackend(proxy.url).connect()
            await ask_until_known(store.open(owner, node="n", boot_id="b") for _ in range(20))
            kept = 0
            for seq in range(1, 41):
                if chance.random() < 0.3:
                    proxy.next = chance.choice([Cut.BEFORE, Cut.AFTER, Cut.BLIND])
                back = bool(kept) and chance.random() < 0.4
                operation = store.give_back if back else store.draw
                amount = chance.randint(1, kept) if back else chance.randint(1, 9)
                drawings = [take(window(name, 10_000), amount) for name in ("w", "v", "Z")]
                await ask_until_known(operation(owner, seq, drawings) for _ in range(20))
                kept += -amount if back else amount
            await store.close()
            return kept

        kept = await asyncio.gather(*(work(owner) for owner in owners))
        assert proxy.cuts > 10
        assert {sum(kept)} == {row.leased for row in postgres.windows().values()}
        assert kept == [postgres.leases().get((W, owner), 0) for owner in owners]


async def ask_until_known(attempts):
    """Ask the same thing again until somebody answers."""
    for attempt in attempts:
        try:
            return await attempt
        except StoreUnavailableError:
            continue
    raise AssertionError("no answer in twenty attempts")


class TestPostgresBetweenStatements(Postgres):
    async def test_a_backend_that_is_ended_while_it_waits_has_done_nothing(self, postgres: PostgresBackend):
        store = postgres.connect()
        await store.open(A, node="node", boot_id="boot")
        await store.draw(A, 1, [take(window("w"), 10)])
        with psycopg.connect(postgres.url) as other:
            other.execute("SELECT 1 FROM headgate_window FOR UPDATE")
            drawing = asyncio.create_task(store.draw(A, 2, [take(window("v"), 1), take(window("w"), 10)]))
            ((waiting,),) = await asyncio.to_thread(wait_until, lambda: postgres.query(WAITING))
            postgres.query(f"SELECT pg_terminate_backend({waiting})")
            with pytest.raises(StoreUnavailableError):
                await drawing
        assert {W} == postgres.windows().keys()
        await store.draw(A, 2, [take(window("v"), 1), take(window("w"), 10)])
        assert 2 == (await store.pulse(A)).op_seq
        assert 20 == postgres.leases()[W, A]

    async def test_an_idle_connection_that_is_gone_costs_one_question(self, postgres: PostgresBackend):
        store = postgres.connect()
        await store.open(A, node="node", boot_id="boot")
        postgres.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with pytest.raises(StoreUnavailableError):
            await store.pulse(A)
        assert (await store.pulse(A)).open

    async def test_who_waits_too_long_for_a_window_says_so_and_comes_again(self, postgres: PostgresBackend):
        store = postgres.connect()
        await store.open(A, node="node", boot_id="boot")
        await store.draw(A, 1, [take(window("w"), 10)])
        with psycopg.connect(postgres.url) as other:
            other.execute("SELECT 1 FROM headgate_window FOR UPDATE")
            with pytest.raises(StoreUnavailableError, match="lock timeout"):
                await store.draw(A, 2, [take(window("w"), 10)])
        assert not (await store.draw(A, 2, [take(window("w"), 10)])).missed

    async def test_a_worker_that_was_stopped_in_the_middle_does_not_stop_the_others(self, postgres: PostgresBackend):
        store = postgres.connect()
        await store.open(A, node="node", boot_id="boot")
        await store.draw(A, 1, [take(window("w"), 10)])
        with closing(connect(postgres.url, name="stopped")) as stopped:
            stopped.execute("BEGIN")
            stopped.execute("SELECT 1 FROM headgate_window FOR UPDATE")
            assert not (await store.draw(A, 2, [take(window("w"), 10)])).missed
            with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
                stopped.execute("COMMIT")


class StubbornSqliteStore(SqliteLeaseStore):
    """Fails at its next COMMIT, before it or after it."""

    fails: bool | None = None
    """True: after it has happened."""

    def _commit(self, connection: sqlite3.Connection) -> None:
        fails, self.fails = self.fails, None
        if fails is not False:
            super()._commit(connection)
        if fails is not None:
            raise sqlite3.OperationalError("disk I/O error")


@pytest.mark.parametrize("happens", [True, False])
async def test_an_error_of_sqlite_at_commit_leaves_the_same_number_to_find_out(happens: bool, tmp_path: Path):
    backend = SqliteBackend(tmp_path)
    stubborn = StubbornSqliteStore(backend.path)
    store = ThreadedLeaseStore(stubborn)
    await store.open(A, node="node", boot_id="boot")
    for seq, operation in ((1, store.draw), (2, store.give_back)):
        stubborn.fails = happens
        with pytest.raises(StoreUnavailableError, match="disk I/O"):
            await operation(A, seq, [take(window("w"), 5)])
        assert seq - 1 + happens == (await store.pulse(A)).op_seq
        await operation(A, seq, [take(window("w"), 5)])
        assert seq == (await store.pulse(A)).op_seq
        assert 5 * (2 - seq) == backend.windows()[W].leased
    await store.close()


async def test_a_sqlite_file_that_somebody_else_holds_does_not_answer_until_it_is_free(tmp_path: Path):
    backend = SqliteBackend(tmp_path)
    store = ThreadedLeaseStore(SqliteLeaseStore(backend.path, busy_timeout_s=0.05))
    await store.open(A, node="node", boot_id="boot")
    with closing(sqlite3.connect(backend.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="locked"):
            await store.draw(A, 1, [take(window("w"), 5)])
        # Reading waits for nobody.
        assert 0 == (await store.pulse(A)).op_seq
        other.execute("ROLLBACK")
    await store.draw(A, 1, [take(window("w"), 5)])
    assert {(W, A): 5} == backend.leases()
    await store.close()


async def test_a_full_disk_undoes_the_whole_draw(tmp_path: Path):
    backend = SqliteBackend(tmp_path)
    blocking = SqliteLeaseStore(backend.path)
    store = ThreadedLeaseStore(blocking)
    await store.open(A, node="node", boot_id="boot")
    blocking._connection.execute("PRAGMA max_page_count = 1")
    many = [take(window(f"{number:03}" + "x" * 300), 1) for number in range(100)]
    with pytest.raises(StoreUnavailableError, match="full"):
        await store.draw(A, 1, many)
    assert {} == backend.windows() == backend.leases()
    assert not (await store.draw(A, 1, many)).missed
    await store.close()


KILLED = """
import sqlite3, sys
from pathlib import Path
from headgate.infra.leases.sqlite import SqliteLeaseStore
from tests.kit.leases import take, window
class Killed(SqliteLeaseStore):
    def _commit(self, connection):
        print("about to commit", flush=True)
        sys.stdin.read()
Killed(Path(sys.argv[1])).draw("a" * 32, 1, [take(window("w"), 5)])
"""


async def test_a_process_that_is_killed_before_its_commit_leaves_nothing_behind(tmp_path: Path):
    backend = SqliteBackend(tmp_path)
    store = backend.connect()
    await store.open(A, node="node", boot_id="boot")
    command = [sys.executable, "-c", KILLED, str(backend.path)]
    paths = {"PYTHONPATH": f"{ROOT}/src:{ROOT}"}
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=paths
    )
    assert process.stdout is not None
    assert b"about to commit\n" == await process.stdout.readline()
    process.kill()
    await process.communicate()
    assert 0 == (await store.pulse(A)).op_seq
    assert not (await store.draw(A, 1, [take(window("w"), 100)])).missed
    await backend.end()
