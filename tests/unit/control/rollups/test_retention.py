import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from headgate.control import partitions
from headgate.control.budgets.models import Window
from headgate.control.budgets.operations import create_budget
from headgate.control.budgets.resets import reset
from headgate.control.ledger.models import CostEvent
from headgate.control.organizations.models import Organization
from headgate.control.requestlog.models import RequestLog
from headgate.control.rollups.models import Removal, SpendDay, TrafficDay
from headgate.control.rollups.queries import Seen, Span, kept_from, totals
from headgate.control.rollups.rebuild import rebuild
from headgate.control.rollups.retention import remove_old_rows
from headgate.control.rollups.verification import verify
from headgate.control.sinks.models import Delivery
from headgate.domain.principal import Attribution
from tests.kit.rollups import rolled_up
from tests.unit.control.api.people import ask

pytestmark = pytest.mark.django_db(transaction=True)
NOW = dt.datetime(2027, 6, 15, 12, tzinfo=dt.UTC)
DAYS = 40
"""The first day that is kept is the sixth of May; on Postgres the first."""
OLD = (dt.datetime(2027, 3, 31, 23, tzinfo=dt.UTC), dt.datetime(2027, 4, 30, 23, 59, tzinfo=dt.UTC))
NEW = (dt.datetime(2027, 5, 6, tzinfo=dt.UTC), dt.datetime(2027, 6, 15, tzinfo=dt.UTC))
EVERYTHING = Span(dt.date(2027, 1, 1), dt.date(2027, 7, 1))


@pytest.fixture(autouse=True)
def _what_the_next_test_needs():
    """A test drops partitions; tables that Django did not make are emptied by hand."""
    partitions.forget()
    yield
    partitions.forget()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM headgate_lease")
        cursor.execute("DELETE FROM headgate_window")


def fill(organization: Organization, *, start: int = 0, moments=(*OLD, *NEW), user: str = "u1") -> None:
    for number, moment in enumerate(moments, start):
        ask(organization, number, at=moment.timestamp(), cost=10 ** (number % 10), attribution=Attribution(user=user))


def left() -> tuple[int, int]:
    return CostEvent.objects.count(), RequestLog.objects.count()


def test_old_rows_go_and_their_roll_ups_stay(acme):
    fill(acme)
    before = rolled_up()
    removed = remove_old_rows(DAYS, NOW)
    assert (2, 2, []) == (removed.cost_events, removed.requests, removed.missing)
    assert (2, 2) == left()
    assert before == rolled_up()
    assert 1_111 == totals(Seen(None), EVERYTHING).amount_nano
    edge = dt.date(2027, 5, 6) if connection.vendor == "sqlite" else dt.date(2027, 5, 1)
    assert (edge, edge) == (removed.before, kept_from().date())
    assert (2, 2) == Removal.objects.values_list("cost_events", "requests").get()


def test_what_is_left_is_whole(acme):
    fill(acme)
    remove_old_rows(DAYS, NOW)
    assert [] == verify().differences
    before = rolled_up()
    rebuild(dt.date(2027, 1, 1))
    assert before == rolled_up()
    assert remove_old_rows(DAYS, NOW) is None


def test_nothing_goes_while_the_roll_ups_lack_something(acme):
    fill(acme)
    SpendDay.objects.filter(day=OLD[0].date()).update(amount_nano=0)
    removed = remove_old_rows(DAYS, NOW)
    assert (0, 0, [("spend_day", "2027-03-31"), ("user_day", "2027-03-31")]) == (
        removed.cost_events,
        removed.requests,
        [(each.table, each.period) for each in removed.missing],
    )
    assert ((4, 4), 0) == (left(), Removal.objects.count())
    rebuild()
    assert [] == remove_old_rows(DAYS, NOW).missing
    assert (2, 2) == left()


def test_what_comes_late_is_counted_and_goes_the_next_time(acme):
    fill(acme)
    remove_old_rows(DAYS, NOW)
    fill(acme, start=4, moments=OLD)
    assert 111_111 == totals(Seen(None), EVERYTHING).amount_nano
    removed = remove_old_rows(DAYS, NOW)
    assert (2, []) == (removed.cost_events, removed.missing)
    assert 111_111 == totals(Seen(None), EVERYTHING).amount_nano


def test_what_came_late_stays_when_the_roll_ups_have_less_than_it(acme):
    fill(acme)
    remove_old_rows(DAYS, NOW)
    fill(acme, start=4, moments=OLD)
    TrafficDay.objects.filter(day=OLD[1].date()).update(amount_nano=5)
    assert [("traffic_day", "2027-04-30")] == [(each.table, each.period) for each in remove_old_rows(DAYS, NOW).missing]
    assert (4, 4) == left()


def test_what_a_sink_is_still_to_be_told_of_stays(acme):
    fill(acme)
    Delivery.objects.create(sink="langsmith", request_id="aigw_acme_1", occurred_at=OLD[1])
    removed = remove_old_rows(DAYS, NOW)
    assert (1, 3) == (removed.cost_events, CostEvent.objects.count())


def test_many_rows_go_in_several_transactions(acme, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("headgate.control.rollups.retention.BATCH", 2)
    fill(acme, moments=[OLD[0] + dt.timedelta(minutes=n) for n in range(5)])
    assert 5 == remove_old_rows(DAYS, NOW).cost_events


def test_empty_books_have_nothing_to_remove(db):
    assert remove_old_rows(DAYS, NOW) is None


@pytest.mark.parametrize(("unit", "limit", "spent"), [("money", 1, 1_111), ("tokens", 1_000, 88), ("requests", 10, 4)])
def test_a_budget_for_ever_counts_what_is_not_kept_any_longer(acme, other, unit, limit, spent):
    fill(acme)
    fill(other, moments=OLD)
    fill(acme, start=20, moments=OLD, user="u2") if unit != "money" else None
    remove_old_rows(DAYS, NOW)
    create_budget(
        name="b", scope="user", subject="u1", organization=acme, period="total", unit=unit, limit=limit, now=NOW
    )
    assert [spent] == list(Window.objects.values_list("spent", flat=True))
    each = create_budget(name="each", scope="user", period="total", unit=unit, limit=limit, now=NOW)
    assert spent == Window.objects.get(budget=each, organization=acme, subject="u1").spent


def test_after_a_reset_a_budget_counts_from_its_day_on(acme):
    fill(acme, moments=[OLD[0], OLD[0] + dt.timedelta(minutes=30), OLD[1], *NEW])
    budget = create_budget(name="b", scope="system", period="total", limit=1, now=timezone.now())
    reset(budget, reset_id="r", reason="why", actor="root", now=OLD[0] + dt.timedelta(minutes=20))
    remove_old_rows(DAYS, NOW)
    from headgate.control.budgets.spending import posted
    from headgate.snapshot.contract import Edge

    budget.refresh_from_db()
    # Of the day of the reset all of it: a limit starts too low rather than too high.
    assert [11_111] == list(posted(budget, Edge(label="total", starts_at=0, ends_at=None)).values())
