import datetime as dt
import random

import pytest
from django.db.models import F

from headgate.control.ledger.models import CostEvent
from headgate.control.ledger.operations import post, register_owner
from headgate.control.requestlog.models import RequestLog
from headgate.control.rollups.models import (
    CalledDay,
    Check,
    Removal,
    SpendDay,
    TrafficDay,
    TrafficHour,
    UserDay,
    UserHour,
    UserLatency,
)
from headgate.control.rollups.verification import KEPT_CHECKS, MOST_SHOWN, verify, verify_and_store
from headgate.domain.ids import OwnerId
from headgate.ledger.postings import OwnerPosting, cost_event, request_log
from headgate.ledger.rollups import TABLES
from tests.kit.books import logged, sent, settled
from tests.kit.rollups import posting_of, random_request

pytestmark = pytest.mark.django_db
OWNER = OwnerId("a" * 32)
ORGANIZATION = "0" * 32
NEW_YEAR, NEXT = dt.date(2026, 1, 1), dt.date(2026, 1, 2)


@pytest.fixture
def books():
    """One request at noon with its attempt."""
    register_owner(OWNER, "node", "boot")
    whole = {
        "events": (cost_event(sent(), settled()),),
        "logs": (request_log(logged(at=sent().at, attribution=sent().attribution)),),
    }
    post(OwnerPosting(owner_id=OWNER, posted_from=0, posted_to=1, low_watermark=0, **whole))


def said() -> list[str]:
    verdict = verify()
    assert verdict is not None
    return [str(difference) for difference in verdict.differences]


def test_empty_books_have_nothing_to_compare():
    assert verify() is None


def test_what_is_right_has_no_difference_and_says_what_was_compared(books):
    assert (NEW_YEAR, NEXT, []) == verify()


@pytest.mark.parametrize(
    ("kind", "changed", "expected"),
    [
        (
            TrafficHour,
            {"amount_nano": F("amount_nano") - 5},
            "2026-01-01 12:00 of {}: traffic_hour lacks amount_nano +5",
        ),
        (TrafficDay, {"requests": F("requests") + 1}, "2026-01-01 of {}: traffic_day lacks requests -1"),
        (TrafficDay, {"b00": 3}, "2026-01-01 of {}: traffic_day lacks counted -3"),
        (SpendDay, {"total_tokens": 0}, "2026-01-01 of {}: spend_day lacks total_tokens +22"),
        (SpendDay, {"latency_us": 120_499}, "2026-01-01 of {}: spend_day lacks latency_us +1"),
        (
            UserHour,
            {"estimated": 1, "unpriced": 1},
            "2026-01-01 12:00 of {}: user_hour lacks estimated -1, unpriced -1",
        ),
    ],
)
def test_every_difference_is_named_with_its_hour(books, kind, changed, expected):
    kind.objects.filter(attempts=1).update(**changed)
    assert expected.format(ORGANIZATION) in said()
    table = kind._meta.db_table.removeprefix("headgate_rollup_")
    assert {table} | {each.name for each in TABLES if each.source and each.source.name == table} >= {
        line.partition(": ")[2].partition(" ")[0] for line in said()
    }


@pytest.mark.parametrize(
    ("kind", "changed", "expected"),
    [
        (CalledDay, {"amount_nano": F("amount_nano") - 5}, "all organizations: called_day lacks amount_nano +5"),
        (CalledDay, {"b49": 3}, "all organizations: called_day lacks b49 -3"),
        (UserDay, {"total_tokens": 0, "requests": 9}, f"{ORGANIZATION}: user_day lacks requests -8, total_tokens +22"),
    ],
)
def test_what_is_added_up_from_a_finer_table_is_compared_with_that(books, kind, changed, expected):
    kind.objects.filter(attempts=1).update(**changed)
    assert [f"2026-01-01 of {expected}"] == said()


def test_latencies_of_users_are_compared_too(books):
    UserLatency.objects.all().delete()
    assert [f"2026-01-01 of {ORGANIZATION}: user_latency lacks counted +1"] == said()


def test_a_roll_up_without_rows_is_a_difference(books):
    CostEvent.objects.all().delete()
    RequestLog.objects.all().delete()
    assert 5 == len(said())


def test_a_day_whose_rows_are_not_kept_is_not_compared(books):
    CostEvent.objects.all().delete()
    RequestLog.objects.all().delete()
    kept = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    Removal.objects.create(removed_at=kept, before=kept, cost_events=1, requests=1)
    assert verify() is None


def test_only_the_days_that_are_asked_for_are_compared():
    register_owner(OWNER, "node", "boot")
    chance = random.Random(1)
    post(posting_of([random_request(chance, number) for number in range(60)], OWNER, 0, 1))
    TrafficDay.objects.update(requests=0)
    verdict = verify(NEXT, NEXT + dt.timedelta(days=1))
    assert verdict is not None
    assert {"2026-01-02"} == {difference.period for difference in verdict.differences}


def test_what_came_of_a_check_is_kept(books):
    check = verify_and_store(NEW_YEAR, NEXT)
    assert [] == Check.objects.get(pk=check.pk).differences
    SpendDay.objects.update(requests=3)
    UserDay.objects.update(requests=3)
    check = verify_and_store(NEW_YEAR, NEXT)
    assert [
        {
            "table": "spend_day",
            "period": "2026-01-01",
            "organization_id": ORGANIZATION,
            "missing": {"requests": -2},
        }
    ] == Check.objects.get(pk=check.pk).differences


def test_old_checks_go(books):
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    Check.objects.bulk_create(
        Check(checked_at=moment + dt.timedelta(hours=hour), since=NEW_YEAR, until=NEXT)
        for hour in range(KEPT_CHECKS + 5)
    )
    newest = verify_and_store(NEW_YEAR, NEXT)
    assert KEPT_CHECKS == Check.objects.count()
    assert newest == Check.objects.first()
    assert MOST_SHOWN > 0
