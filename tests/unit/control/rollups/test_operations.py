import datetime as dt

import pytest

from headgate.control.ledger.operations import close_owner, post, register_owner
from headgate.control.rollups.models import SpendDay, TrafficDay, TrafficHour, UserHour, UserLatency
from headgate.domain.ids import OwnerId
from headgate.ledger.latency import bucket_of
from headgate.ledger.postings import OwnerPosting, cost_event, orphan_event, orphan_log, request_log
from tests.kit.books import NOON, logged, sent, settled

OWNER = OwnerId("a" * 32)
EVENT = cost_event(sent(), settled())
LOG = request_log(logged())


@pytest.fixture
def owner(db) -> OwnerId:
    register_owner(OWNER, "node", "boot")
    return OWNER


def posting(begin: int = 0, end: int = 100, **changes) -> OwnerPosting:
    whole = {"events": (EVENT,), "logs": (LOG,)} | changes
    return OwnerPosting(owner_id=OWNER, posted_from=begin, posted_to=end, low_watermark=begin, **whole)


def test_what_is_posted_is_rolled_up(owner):
    post(posting())
    # The request arrived a second before noon, and its attempt left at noon.
    asked, called = TrafficHour.objects.order_by("hour")
    assert dt.datetime(2026, 1, 1, 11, tzinfo=dt.UTC) == asked.hour
    assert (1, 1, 120_500, 0) == (asked.requests, asked.timed, asked.latency_us, asked.attempts)
    assert 1 == getattr(asked, f"b{bucket_of(120_500):02}")
    assert (0, 1, 1, 1_234, 15, 7, 22) == (
        called.requests,
        called.attempts,
        called.charged,
        called.amount_nano,
        called.prompt_tokens,
        called.completion_tokens,
        called.total_tokens,
    )
    day = TrafficDay.objects.get(requests=1)
    assert (dt.date(2026, 1, 1), "anthropic", "claude") == (day.day, day.provider, day.model)
    assert {"u1", None} == set(SpendDay.objects.values_list("end_user", flat=True))
    assert ("u1", 1_234) == UserHour.objects.values_list("end_user", "amount_nano").get()
    assert 0 == UserLatency.objects.count()


def test_rows_are_raised_by_later_postings(owner):
    post(posting())
    names = [f"aigw_{number}" for number in range(100)]
    events = tuple(cost_event(sent(request_id=name), settled(request_id=name)) for name in names)
    post(posting(100, 200, events=events, logs=()))
    assert (101, 101 * 1_234) == TrafficDay.objects.filter(attempts__gt=0).values_list("attempts", "amount_nano").get()


def test_a_second_posting_of_the_same_records_adds_nothing(owner):
    post(posting())
    post(posting(100, 200))
    assert [1_234] == list(UserHour.objects.values_list("amount_nano", flat=True))


def test_a_record_that_occurs_twice_in_one_posting_counts_once(owner):
    post(posting(events=(EVENT, EVENT), logs=(LOG, LOG)))
    assert (1, 1) == tuple(map(sum, zip(*SpendDay.objects.values_list("attempts", "requests"), strict=True)))


def test_what_recovery_books_is_rolled_up(owner):
    close_owner(owner, [orphan_event(sent(), NOON + 60)], [orphan_log(sent())])
    row = UserHour.objects.get()
    assert (1, 1, 0, 1, 1, 9_000) == (
        row.requests,
        row.errors,
        row.timed,
        row.attempts,
        row.estimated,
        row.amount_nano,
    )


def test_a_sum_that_no_column_holds_stops_at_its_edge_and_stops_no_books(owner):
    most = 2**63 - 1
    names = ["aigw_1", "aigw_2"]
    for number, name in enumerate(names):
        event = cost_event(sent(request_id=name), settled(request_id=name, cost=most - number))
        post(posting(number, number + 1, events=(event,), logs=()))
    assert most == UserHour.objects.get().amount_nano
