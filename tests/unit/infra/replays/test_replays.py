"""What the port promises, over every table."""

import asyncio
import itertools

import psycopg
import pytest

from headgate.domain.errors import Conflict, Unavailable
from headgate.domain.ids import OwnerId, RequestId
from headgate.infra.replays.memory import MemoryKeyTable
from headgate.infra.replays.rows import DAY_S, Asked, Ending, StoreError, Taken, asked
from headgate.infra.replays.threaded import ThreadedReplays, open_replays
from headgate.pipeline.ports import Claim, NoAnswer, StoredAnswer
from tests.kit.fakes import NOON, until
from tests.kit.postgres import needs_postgres

ONE, OTHER = OwnerId("a" * 32), OwnerId("b" * 32)
SCOPE, KEY, SHA = "1" * 32, "order 4711; ~!'\"%:x", "5" * 64
HEADERS = ((b"content-type", b"text/event-stream"), (b"x-odd", b"\xe4 ?"))
BODY = bytes(range(256)) * 9
_ids = itertools.count(1)


def request_id() -> RequestId:
    return RequestId(f"aigw_1_{next(_ids):016x}")


async def claim(replays: ThreadedReplays, *, sha: str = SHA, now: float = NOON, scope: str = SCOPE):
    return await replays.claim(scope, KEY, sha, request_id=request_id(), now=now)


def answer(to: Claim, body: bytes = BODY) -> StoredAnswer:
    return StoredAnswer(to.request_id, 200, HEADERS, body)


async def refusal(replays: ThreadedReplays, **changes) -> Conflict:
    with pytest.raises(Conflict) as raised:
        await claim(replays, **changes)
    return raised.value


@pytest.fixture
async def one(tables):
    replays = ThreadedReplays(tables.open(), ONE)
    yield replays
    await replays.close()


@pytest.fixture
async def other(tables):
    replays = ThreadedReplays(tables.open(), OTHER)
    yield replays
    await replays.close()


async def test_a_key_has_one_holder_whoever_asks(one, other):
    held = await claim(one)
    for replays in (one, other):
        conflict = await refusal(replays)
        assert ("idempotency_key_in_use", 1) == (conflict.code, conflict.retry_after_s)
        assert held.request_id in conflict.message


async def test_of_many_at_once_one_gets_the_key(one, other):
    found = await asyncio.gather(*(claim(replays) for replays in (one, other) * 10), return_exceptions=True)
    assert 1 == sum(isinstance(each, Claim) for each in found)
    assert {"idempotency_key_in_use"} == {each.code for each in found if isinstance(each, Conflict)}
    assert 19 == sum(isinstance(each, Conflict) for each in found)


async def test_a_kept_answer_is_given_byte_by_byte(one, other):
    held = await claim(one)
    await one.keep(held, answer(held))
    for replays in (one, other):
        found = await claim(replays)
        assert (held.request_id, 200, HEADERS, BODY) == (
            found.request_id,
            found.status,
            tuple(found.headers),
            found.body,
        )


async def test_an_answer_that_is_kept_again_replaces_the_first(one):
    held = await claim(one)
    await one.keep(held, answer(held, b"a"))
    await one.keep(held, answer(held, b"ab"))
    assert b"ab" == (await claim(one)).body


@pytest.mark.parametrize("ended", [True, False])
async def test_another_body_is_refused_whether_or_not_the_first_has_ended(one, ended: bool):
    held = await claim(one)
    if ended:
        await one.keep(held, answer(held))
    conflict = await refusal(one, sha="6" * 64)
    assert ("idempotency_key_reused", None) == (conflict.code, conflict.retry_after_s)


async def test_keys_of_different_virtual_keys_do_not_meet(one):
    assert isinstance(await claim(one), Claim)
    assert isinstance(await claim(one, scope="2" * 32), Claim)


async def test_a_released_key_is_free(one, other):
    await one.release(await claim(one))
    assert isinstance(await claim(other), Claim)


@pytest.mark.parametrize(
    ("why", "code"),
    [(NoAnswer.OUTCOME_UNKNOWN, "idempotency_outcome_unknown"), (NoAnswer.NOT_KEPT, "idempotent_answer_not_kept")],
)
async def test_a_key_without_an_answer_says_why_and_what_to_do(one, other, why: NoAnswer, code: str):
    await one.forgo(await claim(one), why)
    conflict = await refusal(other)
    assert (code, None) == (conflict.code, conflict.retry_after_s)
    assert "a new key asks and" in conflict.message


async def test_of_a_dead_worker_nothing_is_known(one, other, tables):
    await claim(one)
    tables.close_owner(ONE)
    assert "idempotency_outcome_unknown" == (await refusal(other)).code


async def test_what_a_worker_kept_before_it_died_is_given(one, other, tables):
    held = await claim(one)
    await one.keep(held, answer(held))
    tables.close_owner(ONE)
    assert BODY == (await claim(other)).body


async def test_a_key_is_free_again_after_a_day_and_not_before(one, other):
    held = await claim(one, now=NOON + 0.5)
    await one.keep(held, answer(held))
    assert isinstance(await claim(other, now=NOON + DAY_S + 0.4), StoredAnswer)
    assert isinstance(await claim(other, now=NOON + DAY_S + 1), Claim)
    assert "idempotency_key_in_use" == (await refusal(one, now=NOON + DAY_S + 1)).code


async def test_who_lost_the_key_cannot_end_it(one, other):
    late = await claim(one)
    await claim(other, now=NOON + DAY_S)
    for ending in (one.release(late), one.keep(late, answer(late)), one.forgo(late, NoAnswer.NOT_KEPT)):
        await ending
        assert "idempotency_key_in_use" == (await refusal(other, now=NOON + DAY_S)).code


async def test_an_answer_is_not_released(one):
    held = await claim(one)
    await one.keep(held, answer(held))
    await one.release(held)
    assert BODY == (await claim(one)).body


async def test_the_same_request_may_claim_again(tables):
    # Its first claim was answered by nothing but a lost connection.
    wanted = asked(Claim(SCOPE, KEY, request_id()), SHA, ONE, NOON)
    table = tables.open()
    assert [None, None] == [table.claim(wanted), table.claim(wanted)]
    table.close()


class Flaky(MemoryKeyTable):
    """Fails on demand: before the operation, or behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.fails_before = self.fails_behind = False

    def claim(self, asked: Asked) -> Taken | None:
        return self._flaky(lambda: super(Flaky, self).claim(asked))

    def end(self, owner: OwnerId, ending: Ending) -> None:
        self._flaky(lambda: super(Flaky, self).end(owner, ending))

    def _flaky(self, work):
        if self.fails_before:
            raise StoreError("away")
        done = work()
        if self.fails_behind:
            raise StoreError("away")
        return done


@pytest.fixture
async def flaky():
    table = Flaky()
    replays = ThreadedReplays(table, ONE)
    yield table, replays
    await replays.close()


@pytest.mark.parametrize("when", ["fails_before", "fails_behind"])
async def test_a_claim_that_failed_is_refused_and_leaves_the_key_free(flaky, when: str):
    table, replays = flaky
    setattr(table, when, True)
    with pytest.raises(Unavailable) as raised:
        await claim(replays)
    assert ("idempotency_store_unavailable", 1) == (raised.value.code, raised.value.retry_after_s)
    setattr(table, when, False)
    assert isinstance(await claim(replays), Claim)


@pytest.mark.parametrize("when", ["fails_before", "fails_behind"])
async def test_a_release_that_failed_is_done_later(flaky, when: str):
    table, replays = flaky
    held = await claim(replays)
    setattr(table, when, True)
    await replays.release(held)
    await replays.mend()
    setattr(table, when, False)
    await replays.mend()
    assert isinstance(await claim(ThreadedReplays(table, OTHER)), Claim)


async def test_an_answer_that_could_not_be_kept_says_so_later(flaky):
    table, replays = flaky
    held = await claim(replays)
    table.fails_before = True
    await replays.keep(held, answer(held))
    table.fails_before = False
    await replays.mend()
    assert "idempotent_answer_not_kept" == (await refusal(replays)).code


class Slow(MemoryKeyTable):
    """Does nothing until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.began = 0

    def claim(self, asked: Asked) -> Taken | None:
        self.began += 1
        asyncio.run_coroutine_threadsafe(self.may.wait(), self.loop).result(20)
        return super().claim(asked)


async def test_a_claim_that_nobody_waits_for_any_more_is_given_back():
    table = Slow()
    replays = ThreadedReplays(table, ONE)
    waiting = asyncio.create_task(claim(replays))
    await until(lambda: table.began)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    table.may.set()
    assert isinstance(await claim(replays), Claim)
    await replays.close()


async def test_a_store_that_takes_too_long_is_away_and_keeps_no_claim():
    table = Slow()
    replays = ThreadedReplays(table, ONE, answer_within_s=0)
    with pytest.raises(Unavailable):
        await claim(replays)
    await until(lambda: table.began)
    table.may.set()
    patient = ThreadedReplays(table, OTHER)

    await replays.close()
    assert isinstance(await claim(patient), Claim)
    await patient.close()


async def test_nothing_to_mend_asks_nobody(flaky):
    table, replays = flaky
    table.fails_before = True
    await replays.mend()


async def test_a_database_that_is_not_there_refuses_and_is_not_created(tmp_path):
    replays = open_replays(f"sqlite:///{tmp_path}/none.sqlite3", ONE)
    with pytest.raises(Unavailable):
        await claim(replays)
    await replays.close()
    assert [] == list(tmp_path.iterdir())


async def test_a_server_that_is_not_there_refuses():
    replays = open_replays("postgres://nobody@127.0.0.1:9/none", ONE)
    with pytest.raises(Unavailable):
        await claim(replays)
    await replays.close()


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=needs_postgres)])
async def test_an_address_finds_the_table(database: str, request: pytest.FixtureRequest):
    replays = open_replays(request.getfixturevalue(f"{database}_tables").address, ONE)
    held = await claim(replays)
    await replays.keep(held, answer(held))
    assert BODY == (await claim(replays)).body
    await replays.close()


@pytest.mark.external
@needs_postgres[1]
async def test_a_connection_that_was_cut_is_made_anew(postgres_tables):
    replays = ThreadedReplays(postgres_tables.open(), ONE)
    held = await claim(replays)
    with psycopg.connect(postgres_tables.address, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await replays.keep(held, answer(held))
    assert BODY == (await claim(replays)).body
    await replays.close()
