import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from headgate.control.budgets.levels import Level
from headgate.control.budgets.models import Window
from headgate.control.budgets.operations import create_budget
from headgate.control.budgets.standing import Standing, standing_of
from headgate.control.budgets.user_list import status_of, user_standings
from headgate.control.organizations.models import Membership
from headgate.control.rollups.queries import Seen
from headgate.domain.budget import Scope
from headgate.domain.money import NanoUsd
from tests.unit.control.api.people import make_person
from tests.unit.control.budgets.conftest import NOW

pytestmark = pytest.mark.django_db
USD = 1_000_000_000
ALL = Seen(None)


def make(**fields: Any):
    return create_budget(**{"name": "b", "scope": "user", "period": "day", "limit": 5, "now": NOW, **fields})


@pytest.fixture
def books(acme, other, spend):
    """Users of two organizations, one of whom has an account, and one an account only."""
    spend(acme, 1 * USD, user="u1")
    spend(acme, 4 * USD, user="u2")
    spend(acme, 6 * USD, user="u3")
    spend(acme, 9 * USD, user="u1", at=NOW - dt.timedelta(days=3))
    spend(acme, 9 * USD, user="long gone", at=NOW - dt.timedelta(days=70))
    spend(acme, 2 * USD, user=None)
    spend(other, 3 * USD, user="u1")
    spend(other, 1 * USD, user="n" * 260)
    person = make_person("u2", member_of=acme, email="second@example.com")
    Membership.objects.create(user=person, organization=other)


BUDGETS: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "day": [{}],
    "day and month": [{}, {"period": "month", "limit": 20}],
    "everybody": [{"scope": "system", "period": "month", "limit": 100}],
    "several": [
        {"limit": 100},
        {"limit": 7, "subject": "u1"},
        {"scope": "system", "period": "day", "limit": 100},
        {"unit": "tokens", "limit": 1},
        {"limit": 1, "shadow": True},
        {"period": "total", "limit": 1},
    ],
}


@pytest.mark.parametrize("budgets", BUDGETS)
def test_everybody_stands_as_he_stands_alone(books, acme, other, budgets: str):
    for number, fields in enumerate(BUDGETS[budgets]):
        organization = {"organization": acme} if "subject" in fields else {}
        make(**({"name": f"b{number}"} | fields | organization))
    rows = user_standings(ALL, NOW, limit=None).rows
    # Who has a window that never ends is in the list for ever.
    for_ever = {(acme.pk, "long gone")} if budgets == "several" else set()
    assert for_ever | {
        (acme.pk, "u1"),
        (acme.pk, "u2"),
        (acme.pk, "u3"),
        (other.pk, "u1"),
        (other.pk, "u2"),
    } == {(row.organization_id, row.user) for row in rows if not row.user.startswith("n")}
    assert len(rows) == 6 + len(for_ever)
    for row in rows:
        alone = standing_of(row.user, row.organization_id, NOW)
        assert (alone.daily, alone.monthly) == (row.daily, row.monthly)


def test_filters_search_order_and_pages(books, acme):
    make()
    mine = Seen(frozenset({acme.pk}))
    whole = user_standings(mine, NOW, order="daily")
    assert [("u3", Level.EXCEEDED), ("u2", Level.WARNING), ("u1", Level.OK)] == [
        (row.user, row.status) for row in whole.rows
    ]
    assert {Level.OK: 1, Level.WARNING: 1, Level.EXCEEDED: 1} == whole.counts
    assert ["u1", "u3", "u2"] == [row.user for row in user_standings(mine, NOW, order="monthly").rows]
    pages = [user_standings(mine, NOW, order="name", limit=2, offset=offset) for offset in (0, 2)]
    assert [["u1", "u2"], ["u3"]] == [[row.user for row in page.rows] for page in pages]
    warned = user_standings(mine, NOW, status=Level.WARNING)
    assert (["u2"], whole.counts) == ([row.user for row in warned.rows], warned.counts)
    found = user_standings(mine, NOW, search="SECOND@")
    assert ([("u2", "second@example.com")], {Level.OK: 0, Level.WARNING: 1, Level.EXCEEDED: 0}) == (
        [(row.user, row.email) for row in found.rows],
        found.counts,
    )
    assert found.rows[0].person_id is not None


def test_who_may_see_one_user_sees_one(books, acme):
    assert ["u1"] == [row.user for row in user_standings(Seen(frozenset({acme.pk}), "u1"), NOW).rows]
    assert [] == user_standings(Seen(frozenset()), NOW).rows


def test_where_a_limit_that_all_share_is_used_up_everybody_has_exceeded_it(books):
    make(scope="system", period="month", limit=100)
    assert 0 == user_standings(ALL, NOW).counts[Level.EXCEEDED]
    Window.objects.filter(scope="system").update(leased=100 * USD, excess=100 * USD)
    assert 6 == user_standings(ALL, NOW).counts[Level.EXCEEDED]


@pytest.mark.parametrize("count", [3, 40])
def test_the_number_of_queries_does_not_depend_on_how_many_there_are(acme, spend, count: int):
    make()
    make(name="everybody", scope="system", period="month", limit=100)
    for number in range(count):
        spend(acme, USD, user=f"u{number}")
    with CaptureQueriesContext(connection) as queries:
        user_standings(ALL, NOW)
    assert 11 == len(queries)


def standing(spend: int, limit: int | None, *, held: int = 0, scope: Scope | None = Scope.USER) -> Standing:
    return Standing(NanoUsd(spend), NanoUsd(held), None if limit is None else NanoUsd(limit), scope, None, None)


@pytest.mark.parametrize(
    ("expected", "daily", "monthly", "more"),
    [
        (Level.OK, standing(79, 100), standing(5, None, scope=None), {}),
        (Level.WARNING, standing(80, 100), standing(5, None, scope=None), {}),
        (Level.WARNING, standing(70, 100, held=10), standing(5, None, scope=None), {}),
        (Level.EXCEEDED, standing(70, 100, held=30), standing(5, None, scope=None), {}),
        (Level.EXCEEDED, standing(0, 0), standing(5, None, scope=None), {}),
        (Level.WARNING, standing(1, 100), standing(99, 100), {}),
        (Level.EXCEEDED, standing(1, 100), standing(100, 100), {}),
        (Level.OK, standing(1, 100), standing(99, 100, scope=Scope.SYSTEM), {}),
        (Level.EXCEEDED, standing(1, 100), standing(1, 100), {"refused": True}),
        (Level.EXCEEDED, standing(1, 100), standing(1, 100, scope=Scope.SYSTEM), {"used_up": True}),
    ],
)
def test_a_status_is_of_the_users_own_limits(
    expected: Level, daily: Standing, monthly: Standing, more: dict[str, bool]
):
    assert expected == status_of(daily, monthly, **({"refused": False} | more))
