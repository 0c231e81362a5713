import datetime as dt
import random
from collections import Counter
from typing import Any

import pytest

from headgate.control.ledger.models import CostEvent
from headgate.control.ledger.operations import post, register_owner
from headgate.control.requestlog.models import RequestLog
from headgate.control.rollups.figures import Figures
from headgate.control.rollups.models import Removal
from headgate.control.rollups.queries import (
    CALLED,
    DIMENSIONS,
    Interval,
    Seen,
    Span,
    added,
    breakdown,
    days_of_books,
    days_of_rollups,
    kept_from,
    organizations_of_user,
    overview,
    series,
    spend_of_users,
    spent_by,
    top_spenders,
    totals,
)
from headgate.domain.ids import OwnerId
from headgate.ledger.latency import bucket_of
from headgate.ledger.rollups import label
from tests.kit.rollups import ORGANIZATIONS, posting_of, random_request

pytestmark = pytest.mark.django_db
OWNER = OwnerId("a" * 32)
FIRST = dt.date(2026, 1, 1)
NOW = dt.datetime(2026, 1, 6, 12, 30, tzinfo=dt.UTC)
ALL = Seen(None)
ACME = Seen(frozenset({ORGANIZATIONS[0]}))
SPAN = Span(FIRST, dt.date(2026, 1, 7))


@pytest.fixture(autouse=True)
def books():
    """Requests by anybody from noon of the first of January to the fifth."""
    register_owner(OWNER, "node", "boot")
    chance = random.Random(11)
    post(posting_of([random_request(chance, number) for number in range(150)], OWNER, 0, 1))


def events(seen: Seen, span: Span = SPAN) -> list[CostEvent]:
    """Cost events that somebody may see, the way that the books have them."""
    return [
        event
        for event in CostEvent.objects.all()
        if (seen.organizations is None or event.organization_id in seen.organizations)
        and (seen.user is None or event.end_user == seen.user)
        and span.since <= event.occurred_at.date() < span.until
    ]


def amount(rows: list[CostEvent]) -> int:
    return sum(row.amount_nano or 0 for row in rows)


@pytest.mark.parametrize("seen", [ALL, ACME, ACME._replace(user="u1"), ALL._replace(user="u" * 300)])
@pytest.mark.parametrize("span", [SPAN, Span(dt.date(2026, 1, 2), dt.date(2026, 1, 4))])
def test_totals_are_the_sums_of_the_events(seen: Seen, span: Span):
    rows = events(seen, span)
    assert rows
    figures = totals(seen, span)
    assert (len(rows), amount(rows), sum(row.total_tokens or 0 for row in rows)) == (
        figures.attempts,
        figures.amount_nano,
        figures.total_tokens,
    )


@pytest.mark.parametrize("seen", [ALL, ACME, ALL._replace(user="u2")])
def test_percentiles_lie_in_the_buckets_of_the_true_ones(seen: Seen):
    rows = RequestLog.objects.exclude(outcome="refused").exclude(latency_ms=None)
    latencies = sorted(
        row.latency_ms
        for row in rows
        if (seen.organizations is None or row.organization_id in seen.organizations)
        and seen.user in {None, row.end_user}
    )
    true = latencies[-(-len(latencies) * 95 // 100) - 1]
    found = totals(seen, SPAN).percentile_ms(95)
    assert found is not None
    assert bucket_of(round(true * 1000)) == bucket_of(round(found * 1000))


@pytest.mark.parametrize("name", DIMENSIONS)
def test_a_breakdown_by_any_dimension_is_that_of_the_events(name: str):
    column = {"model": "original_model"}.get(name, DIMENSIONS[name])
    expected: Counter[Any] = Counter()
    for event in events(ACME):
        value = getattr(event, column)
        expected[value if value is None else label(value)] += event.amount_nano or 0
    lines = breakdown(ACME, SPAN, (name,))
    assert {value: cost for value, cost in expected.items() if cost} == {
        line.values[0]: line.figures.amount_nano for line in lines if line.figures.amount_nano
    }
    assert sorted((line.figures.amount_nano for line in lines), reverse=True) == [
        line.figures.amount_nano for line in lines
    ]


def test_a_breakdown_by_several_dimensions_with_conditions_has_pages():
    where = {"task": "k", "team": None}
    whole = breakdown(ALL, SPAN, ("user", "model", "day"), where=where, order="requests")
    pages = [
        breakdown(ALL, SPAN, ("user", "model", "day"), where=where, order="requests", limit=4, offset=offset)
        for offset in range(0, len(whole) + 4, 4)
    ]
    assert whole == [line for page in pages for line in page]
    assert totals(ALL, SPAN, where).requests == sum(line.figures.requests for line in whole)
    assert {dt.date} == {type(line.values[2]) for line in whole}


@pytest.mark.parametrize("seen", [ALL, ACME, ACME._replace(user="u1"), Seen(frozenset())])
def test_an_overview_is_what_totals_and_breakdowns_are(seen: Seen):
    found = overview(seen, SPAN)
    assert totals(seen, SPAN) == found.whole
    for name in CALLED:
        assert breakdown(seen, SPAN, (name,)) == found.by[name]


@pytest.mark.parametrize("seen", [ALL, ACME])
@pytest.mark.parametrize(
    "by", [("user",), ("organization", "user"), ("day", "user"), ("model",), ("day", "model", "task")]
)
def test_what_small_tables_say_is_what_the_finest_says(seen: Seen, by: tuple[str, ...]):
    # With the team too, only one table tells it all apart.
    fine: dict[tuple[Any, ...], list[Figures]] = {}
    for line in breakdown(seen, SPAN, (*by, "team")):
        fine.setdefault(line.values[:-1], []).append(line.figures)
    assert {values: added(figures) for values, figures in fine.items()} == {
        line.values: line.figures._replace(latencies=None) for line in breakdown(seen, SPAN, by)
    }


def test_a_long_series_has_no_latencies():
    long = Span(dt.date(2025, 12, 1), dt.date(2026, 1, 7))
    points = series(ALL, long, Interval.DAY, now=NOW)
    assert {None} == {point.figures.latencies for point in points}
    assert totals(ALL, long).requests == sum(point.figures.requests for point in points)


def test_top_spenders_have_names():
    lines = top_spenders(ALL, SPAN, limit=3)
    assert 3 == len(lines)
    assert None not in {line.values[1] for line in lines}
    best = max(amount(events(Seen(frozenset({o}), u))) for o in ORGANIZATIONS for u in ("u1", "u2", "u" * 300))
    assert best == lines[0].figures.amount_nano


@pytest.mark.parametrize("seen", [ALL, ACME, ACME._replace(user="u1")])
@pytest.mark.parametrize("interval", Interval)
def test_a_series_has_every_stretch_up_to_now_and_adds_up_to_the_whole(seen: Seen, interval: Interval):
    points = series(seen, SPAN, interval, now=NOW)
    assert {Interval.HOUR: 5 * 24 + 13, Interval.DAY: 6, Interval.WEEK: 2}[interval] == len(points)
    whole = totals(seen, SPAN)
    together = added([point.figures for point in points])
    assert (whole.requests, whole.amount_nano, whole.attempts) == (
        together.requests,
        together.amount_nano,
        together.attempts,
    )


def test_weeks_begin_on_monday():
    weeks = series(ALL, SPAN, Interval.WEEK, now=NOW)
    assert [dt.datetime(2026, 1, day, tzinfo=dt.UTC) for day in (1, 5)] == [week.start for week in weeks]
    assert weeks[0].figures.latencies is not None


def test_an_hour_is_that_of_the_events():
    points = {point.start: point.figures for point in series(ACME, SPAN, Interval.HOUR, now=NOW)}
    for event in events(ACME):
        hour = event.occurred_at.replace(minute=0, second=0, microsecond=0)
        assert points[hour].attempts == sum(
            hour <= other.occurred_at < hour + dt.timedelta(hours=1) for other in events(ACME)
        )


def test_a_series_by_the_hour_of_a_user_and_a_model_is_kept_nowhere():
    with pytest.raises(ValueError, match="end_user, model"):
        series(ACME._replace(user="u1"), SPAN, Interval.HOUR, now=NOW, where={"model": "m1"})


def test_who_may_see_nothing_sees_nothing():
    nobody = Seen(frozenset())
    assert (0, [], 0) == (
        totals(nobody, SPAN).requests,
        breakdown(nobody, SPAN, ("user",)),
        added([point.figures for point in series(nobody, SPAN, Interval.DAY, now=NOW)]).requests,
    )


def test_a_user_is_found_in_the_organizations_that_may_be_seen():
    assert list(ORGANIZATIONS) == organizations_of_user(ALL, "u1")
    assert [ORGANIZATIONS[0]] == organizations_of_user(ACME, "u1")
    assert [] == organizations_of_user(ALL, "somebody else")


def test_what_a_user_spent_is_of_the_organizations_that_are_named():
    mine = Seen(frozenset({ORGANIZATIONS[1]}), "u1")
    assert amount(events(mine)) == spent_by("u1", [ORGANIZATIONS[1]], SPAN)


@pytest.mark.parametrize("seen", [ALL, ACME, ACME._replace(user="u1")])
def test_what_all_users_spent_is_what_each_of_them_spent(seen: Seen):
    found = spend_of_users(seen, NOW - dt.timedelta(days=2))
    assert found
    assert {(event.organization_id, label(event.end_user)) for event in events(seen) if event.end_user} >= found.keys()
    for (owner, user), spend in found.items():
        his = Seen(frozenset({owner}), "u" * 300 if user.startswith("uu") else user)
        assert amount(events(his, Span(dt.date(2026, 1, 4), dt.date(2026, 1, 5)))) == spend.day
        assert amount(events(his, Span(FIRST, dt.date(2026, 1, 5)))) == spend.month


def test_spans_are_of_utc_days():
    late = dt.datetime(2026, 1, 31, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=-2)))
    assert Span(dt.date(2026, 1, 26), dt.date(2026, 2, 2)) == Span.last_days(7, late)
    assert Span(dt.date(2026, 2, 1), dt.date(2026, 2, 2)) == Span.month_of(late)


def test_the_edges_of_books_and_roll_ups():
    first, last = days_of_books() or (None, None)
    assert (FIRST, (first, last)) == (first, days_of_rollups())
    CostEvent.objects.all().delete()
    RequestLog.objects.all().delete()
    assert (None, None) == (days_of_books(), kept_from())
    Removal.objects.create(removed_at=NOW, before=NOW, cost_events=0, requests=0)
    assert NOW == kept_from()
