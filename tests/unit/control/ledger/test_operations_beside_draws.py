"""Posting and drawing at the same moment, by many owners in the same windows: nobody waits for one who waits for him."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, transaction

from headgate.control.ledger.models import CostEvent
from headgate.control.ledger.operations import close_owner, post, register_owner
from headgate.domain.budget import LeaseClass
from headgate.domain.ids import OwnerId
from headgate.infra.leases.postgres import PostgresLeaseStore
from headgate.infra.leases.sqlite import SqliteLeaseStore
from headgate.ledger.postings import OwnerPosting, WindowCharge, cost_event, request_log
from headgate.pipeline.ports import StoreUnavailableError
from tests.kit.books import NOON, logged, sent, settled
from tests.kit.leases import take, window

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
OWNERS = [OwnerId(f"{number:032x}") for number in range(5)]
WINDOWS = [window(f"w{number}", limit=10**15) for number in range(10)]
ROUNDS = 25
MONTH_S = 31 * 86_400


@pytest.fixture
def owners() -> Iterator[list[OwnerId]]:
    """Open owners, and windows that all of them have drawn from. Tables that Django did not make are emptied by hand."""
    for owner in OWNERS:
        register_owner(owner, "node", "boot")
        store = lease_store()
        store.draw(owner, 1, [take(each, 1_000) for each in WINDOWS])
        store.close()
    yield OWNERS
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM headgate_lease")
        cursor.execute("DELETE FROM headgate_window")


def lease_store() -> PostgresLeaseStore | SqliteLeaseStore:
    place = connection.settings_dict
    if connection.vendor == "sqlite":
        return SqliteLeaseStore(Path(place["NAME"]))
    return PostgresLeaseStore(f"postgres://{place['USER']}@{place['HOST']}:{place['PORT']}/{place['NAME']}")


def until_it_answers(operation: Callable[[], object]) -> None:
    """A writer of SQLite may find the file taken for longer than it waits; on Postgres nothing is ever tried again."""
    while True:
        try:
            operation()
        except StoreUnavailableError:
            if connection.vendor != "sqlite":
                raise
        else:
            return


def draw_and_return(owner: OwnerId) -> None:
    """As a gateway worker does."""
    chance, store = random.Random(owner), lease_store()
    for seq in range(2, 2 * ROUNDS, 2):
        drawings = [take(each, chance.randrange(1, 500)) for each in chance.sample(WINDOWS, chance.randrange(1, 8))]
        until_it_answers(lambda seq=seq, drawings=drawings: store.draw(owner, seq, drawings))
        more = [take(each, chance.randrange(1, 500)) for each in chance.sample(WINDOWS, chance.randrange(1, 8))]
        until_it_answers(lambda seq=seq, more=more: store.draw(owner, seq + 1, more))
    store.close()


def post_all(owner: OwnerId) -> Counter[str]:
    """As ingest does, and closes the books at the end; what each window was charged."""
    chance, charged = random.Random(f"posts of {owner}"), Counter[str]()
    for step in range(ROUNDS):
        names = [f"aigw_{owner}_{step}_{number}" for number in range(4)]
        at = NOON + chance.randrange(12) * MONTH_S
        events = [cost_event(sent(request_id=name, at=at), settled(request_id=name)) for name in names]
        charges = [
            WindowCharge(event.event_id, each.id, LeaseClass.NORMAL, chance.randrange(1, 300), chance.randrange(100))
            for event in events
            for each in chance.sample(WINDOWS, chance.randrange(1, 8))
        ]
        charged.update({each.id: 0 for each in WINDOWS})
        for charge in charges:
            charged[charge.window] += charge.cost
        logs = [request_log(logged(request_id=name, at=at)) for name in names]
        post(
            OwnerPosting(
                owner_id=owner,
                posted_from=step,
                posted_to=step + 1,
                low_watermark=0,
                events=tuple(events),
                logs=tuple(logs),
                charges=tuple(charges),
            )
        )
    return charged


def rows(statement: str) -> list[tuple]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_owners_that_draw_and_post_at_once_never_lock_each_other_out_and_nothing_is_lost(owners: list[OwnerId]):
    together = threading.Barrier(2 * len(owners))

    def run(work: Callable[[OwnerId], Counter[str] | None], owner: OwnerId) -> Counter[str]:
        together.wait(timeout=20)
        try:
            return work(owner) or Counter()
        finally:
            connection.close()

    with ThreadPoolExecutor(2 * len(owners)) as threads:
        runs = [threads.submit(run, work, owner) for owner in owners for work in (draw_and_return, post_all)]
    charged = sum((each.result() for each in runs), Counter())

    assert len(owners) * ROUNDS * 4 == CostEvent.objects.count()
    assert dict(charged) == dict(rows("SELECT id, spent FROM headgate_window"))
    leased = "SELECT id, leased FROM headgate_window ORDER BY id"
    assert rows("SELECT window_id, sum(remaining) FROM headgate_lease GROUP BY 1 ORDER BY 1") == rows(leased)
    for owner in owners:
        close_owner(owner)
    assert {0} == {amount for _, amount in rows(leased)}
    if connection.vendor != "sqlite":
        assert [(0,)] == rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
