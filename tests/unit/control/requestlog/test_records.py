import datetime as dt
import random
from itertools import product

import pytest

from headgate.control.budgets.models import Window
from headgate.control.budgets.operations import create_budget
from headgate.control.ledger.operations import post, register_owner
from headgate.control.requestlog.models import RequestLog
from headgate.control.requestlog.records import Kind, Position, newest_records, record_of
from headgate.control.rollups.queries import Seen
from headgate.domain.ids import OwnerId
from headgate.domain.principal import Attribution
from headgate.ledger.rollups import failed
from tests.kit.books import NOON
from tests.kit.rollups import ORGANIZATIONS, posting_of, random_request
from tests.unit.control.api.people import ask

pytestmark = pytest.mark.django_db
OWNER = OwnerId("a" * 32)
ALL, ACME = Seen(None), Seen(frozenset({ORGANIZATIONS[0]}))


@pytest.fixture
def books():
    register_owner(OWNER, "node", "boot")
    chance = random.Random(5)
    post(posting_of([random_request(chance, number) for number in range(300)], OWNER, 0, 1))


def expected(seen: Seen, *, kind: Kind) -> list[str]:
    rows = RequestLog.objects.order_by("-occurred_at", "-request_id")
    return [
        row.pk
        for row in rows
        if (seen.organizations is None or row.organization_id in seen.organizations)
        and seen.user in {None, row.end_user}
        and (kind is not Kind.FAILED or failed(row.outcome, row.error))
        and (
            kind is not Kind.SLOW or (row.outcome != "refused" and row.latency_ms is not None and row.latency_ms > 5000)
        )
    ]


OF_USERS = [ACME._replace(user="u1"), ALL._replace(user="u2")]


@pytest.mark.parametrize(
    ("seen", "kind"),
    [*product([ALL, ACME], Kind), *product(OF_USERS, (Kind.ALL, Kind.FAILED))],
)
def test_pages_follow_each_other_and_leave_nothing_out(books, seen: Seen, kind: Kind):
    wanted = expected(seen, kind=kind)
    found: list[str] = []
    before = None
    while page := newest_records(seen, limit=7, before=before, kind=kind):
        # A page is full, unless it is the last one.
        assert len(page) == min(7, len(wanted) - len(found))
        found += [record.row.pk for record in page]
        before = Position(page[-1].row.occurred_at, page[-1].row.pk)
    assert wanted == found
    assert len(found) > 7


def test_slow_requests_of_a_user_cannot_be_asked_for():
    with pytest.raises(ValueError, match="not told apart by user"):
        newest_records(OF_USERS[0], limit=1, kind=Kind.SLOW)


def test_nothing_is_found_of_who_asked_nothing(books):
    assert [] == newest_records(ACME._replace(user="nobody"), limit=5)
    assert [] == newest_records(Seen(frozenset()), limit=5)


def test_a_record_has_what_its_user_spent_on_its_day_and_in_its_month(acme, other):
    day = 86_400
    ids = [
        ask(acme, number, at=NOON + days * day, cost=cost, attribution=Attribution(user=user))
        for number, (days, cost, user) in enumerate(
            [(0, 1, "u1"), (0, 20, "u1"), (1, 300, "u1"), (40, 4_000, "u1"), (0, 50_000, "u2"), (0, 600_000, None)]
        )
    ]
    ask(other, 1, at=NOON, cost=7_000_000)
    records = {record.row.pk: record for record in newest_records(Seen(frozenset({acme.pk})), limit=10)}
    assert [(21, 321), (21, 321), (300, 321), (4_000, 4_000), (50_000, 50_000), (None, None)] == [
        (records[name].daily_spend, records[name].monthly_spend) for name in ids
    ]
    assert {False} == {record.limit_exceeded for record in records.values()}


def test_a_record_says_that_a_limit_is_exceeded(acme):
    now = dt.datetime.fromtimestamp(NOON, dt.UTC)
    before = ask(acme, 1, at=NOON - 86_400, cost=1)
    spent = ask(acme, 2, at=NOON, cost=1)
    refused = ask(acme, 3, at=NOON - 86_400, outcome="refused", error="limit_exceeded")
    create_budget(name="b", scope="user", period="day", limit=1, now=now)
    Window.objects.update(spent=10**9)
    seen = Seen(frozenset({acme.pk}))
    found = {name: record_of(name, seen) for name in (before, spent, refused)}
    assert {before: False, spent: True, refused: True} == {name: each.limit_exceeded for name, each in found.items()}


def test_one_record_is_found_only_where_it_may_be_seen(acme, other):
    mine = ask(acme, 1, at=NOON)
    assert mine == record_of(mine, Seen(frozenset({acme.pk}), "u1")).row.pk
    for seen in (Seen(frozenset({other.pk})), Seen(frozenset({acme.pk}), "u2"), Seen(frozenset())):
        assert record_of(mine, seen) is None
