import datetime as dt

import pytest

from headgate.control.routes import report
from headgate.control.routes.models import Arm, Route
from headgate.control.routes.report import ArmFigures, period_of, report_of
from headgate.domain.money import NanoUsd
from tests.kit.books import NOON
from tests.unit.control.rows import post_request

pytestmark = pytest.mark.django_db
NOW = dt.datetime.fromtimestamp(NOON + 60, dt.UTC)
DAY_S = 86_400


@pytest.fixture
def route(acme) -> Route:
    row = Route.objects.create(organization=acme, name="fast", strategy="split")
    Arm.objects.create(route=row, position=1, name="old", model="gpt-4o")
    Arm.objects.create(route=row, position=2, name="new", model="o3")
    return row


def ask(organization, number: int, arm: str, **log: object) -> None:
    post_request(organization, number, **{"route": "fast", "arm": arm, "cost": NanoUsd(100), **log})


def figures(route: Route, user, days: int = 7) -> dict[str, ArmFigures]:
    return {each.arm: each for each in report_of(route, user, days=days, now=NOW).arms}


def test_requests_errors_cost_and_tokens_are_summed_up_by_arm(route, acme, superuser):
    ask(acme, 1, "old")
    ask(acme, 2, "old", cost=NanoUsd(103))
    ask(acme, 3, "old", outcome="rejected", error="upstream_rejected", usage=None, cost=None)
    found = figures(route, superuser)
    old = found["old"]
    assert (3, 1, 203, 1, 44) == (old.requests, old.errors, old.cost, old.unpriced, old.tokens)
    assert ("new", 0, None, None) == (
        found["new"].arm,
        found["new"].requests,
        found["new"].p50_ms,
        found["new"].cost_per_request,
    )


@pytest.mark.parametrize(("cost", "requests", "expected"), [(203, 2, 102), (200, 3, 67), (100, 3, 33), (0, 1, 0)])
def test_the_mean_cost_is_rounded_to_the_nearest(cost: int, requests: int, expected: int):
    mean = ArmFigures("a", requests, 0, NanoUsd(cost), 0, 0, None, None).cost_per_request
    assert expected == mean


@pytest.mark.parametrize(
    ("count", "p50", "p95"), [(1, 1, 1), (2, 1, 2), (3, 2, 3), (10, 5, 10), (19, 10, 19), (20, 10, 19), (40, 20, 38)]
)
def test_latencies_are_those_of_the_nearest_rank(count: int, p50: int, p95: int, route, acme, superuser):
    for number in range(count, 0, -1):
        ask(acme, number, "old", latency_ms=float(number))
    old = figures(route, superuser)["old"]
    assert (float(p50), float(p95)) == (old.p50_ms, old.p95_ms)


def test_arms_come_in_the_routes_order_and_those_that_are_gone_last(route, acme, superuser):
    for number, arm in enumerate(["older", "new", "ancient"]):
        ask(acme, number, arm)
    assert ["old", "new", "ancient", "older"] == list(figures(route, superuser))


def test_what_was_refused_or_took_another_way_does_not_count(route, acme, superuser):
    ask(acme, 1, "old", outcome="refused", error="limit_exceeded")
    ask(acme, 2, "old", route="slow")
    post_request(acme, 3)
    assert 0 == report_of(route, superuser, days=30, now=NOW).requests


def test_only_the_last_days_count(route, acme, superuser):
    for number, days in enumerate((0.5, 3, 20, 40)):
        ask(acme, number, "old", at=NOON - days * DAY_S)
    assert [1, 2, 3] == [figures(route, superuser, days)["old"].requests for days in (1, 7, 30)]


def test_a_shared_route_is_shown_to_an_organization_with_its_own_requests_only(acme, other, acme_admin, superuser):
    shared = Route.objects.create(name="fast")
    ask(acme, 1, "old")
    ask(other, 2, "old")
    assert 1 == figures(shared, acme_admin)["old"].requests
    assert 2 == figures(shared, superuser)["old"].requests


def test_an_organizations_own_route_of_the_same_name_is_another_one(route, acme, other, superuser):
    shared = Route.objects.create(name="fast")
    ask(acme, 1, "old")
    ask(other, 2, "old")
    ask(other, 3, "old")
    assert (1, 2) == (figures(route, superuser)["old"].requests, figures(shared, superuser)["old"].requests)


def test_of_too_many_requests_the_newest_are_counted(route, acme, superuser, monkeypatch):
    monkeypatch.setattr(report, "LARGEST_SAMPLE", 3)
    for number in range(3):
        ask(acme, number, "old", at=NOON - number, latency_ms=float(number))
    assert report_of(route, superuser, days=7, now=NOW).whole
    ask(acme, 9, "old", at=NOON - 9, latency_ms=900.0)
    found = report_of(route, superuser, days=7, now=NOW)
    assert (False, 3, 2.0) == (found.whole, found.requests, found.arms[0].p95_ms)


def test_more_arms_cost_no_more_queries(route, acme, superuser, django_assert_num_queries):
    for arms in (1, 9):
        for number in range(arms):
            ask(acme, 100 * arms + number, f"arm{number}")
        with django_assert_num_queries(5):
            report_of(route, superuser, days=7, now=NOW)


@pytest.mark.parametrize(("asked", "days"), [("1", 1), ("7", 7), ("30", 30), ("90", 7), ("x", 7), (None, 7)])
def test_a_page_shows_a_week_unless_it_is_asked_for_another_period(asked: str | None, days: int):
    assert days == period_of(asked)
