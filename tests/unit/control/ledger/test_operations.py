import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec
import pytest
from django.db import IntegrityError, connection, transaction

from headgate.control.ledger.models import CostEvent, Cursor, Owner
from headgate.control.ledger.operations import CursorMovedError, close_owner, post, register_owner, write_off
from headgate.control.ledger.queries import cursor_of
from headgate.control.requestlog.models import RequestLog
from headgate.domain.ids import OwnerId
from headgate.domain.outcome import Outcome
from headgate.ledger.postings import OwnerPosting, cost_event, orphan_event, orphan_log, request_log
from tests.kit.books import NOON, logged, sent, settled

OWNER = OwnerId("a" * 32)
EVENT = cost_event(sent(), settled())
LOG = request_log(logged())


def posting(begin: int = 0, end: int = 100, **changes) -> OwnerPosting:
    whole = OwnerPosting(
        owner_id=OWNER, posted_from=begin, posted_to=end, low_watermark=begin, events=(EVENT,), logs=(LOG,)
    )
    return msgspec.structs.replace(whole, **changes)


@pytest.fixture
def owner(db) -> OwnerId:
    register_owner(OWNER, "node", "boot")
    return OWNER


def test_what_is_posted_is_in_the_books(owner):
    result = post(posting())
    assert ({"aigw_1_a:1"}, {"aigw_1_a"}) == (result.event_ids, result.request_ids)
    event = CostEvent.objects.get()
    assert dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC) == event.occurred_at
    assert (1_234, 9_000, 22) == (event.amount_nano, event.hold_nano, event.total_tokens)
    assert {"input": 10, "cache_read": 5, "output": 7} == event.quantities
    assert (["web_search"], "0.000001234", "u1") == (event.unpriced_units, event.reported_cost, event.end_user)
    assert (False, True, "ok") == (event.estimated, event.stream, event.outcome)
    log = RequestLog.objects.get()
    assert (200, 1_234, 120.5, None) == (log.status, log.cost_nano, log.latency_ms, log.end_user)
    assert (100, 0) == cursor_of(owner)


def test_a_row_without_usage_has_null_and_not_a_json_null(owner):
    post(posting(events=(orphan_event(sent(), NOON),), logs=(orphan_log(sent()),)))
    assert 1 == CostEvent.objects.filter(quantities__isnull=True, total_tokens__isnull=True).count()


def test_posting_a_record_a_second_time_changes_nothing(owner):
    post(posting())
    dearer = msgspec.structs.replace(EVENT, amount_nano=5_000)
    result = post(posting(100, 200, events=(dearer,)))
    assert (frozenset(), frozenset()) == (result.event_ids, result.request_ids)
    assert [1_234] == list(CostEvent.objects.values_list("amount_nano", flat=True))


def test_a_record_that_occurs_twice_in_one_posting_is_inserted_once(owner):
    assert {"aigw_1_a:1"} == post(posting(events=(EVENT, EVENT))).event_ids
    assert 1 == CostEvent.objects.count()


def test_a_cursor_that_moved_refuses_and_writes_nothing(owner):
    with pytest.raises(CursorMovedError):
        post(posting(50, 100))
    assert (0, 0) == (CostEvent.objects.count(), RequestLog.objects.count())
    assert (0, 0) == cursor_of(owner)


def test_a_posting_that_fails_leaves_the_cursor_where_it_was(owner):
    negative = msgspec.structs.replace(EVENT, amount_nano=-1)
    with pytest.raises(IntegrityError):
        post(posting(events=(negative,)))
    assert (0, 0) == cursor_of(owner)


def test_more_rows_than_one_statement_holds_are_all_posted(owner):
    events = tuple(cost_event(sent(request_id=f"aigw_{n}_x"), settled(request_id=f"aigw_{n}_x")) for n in range(250))
    assert {event.event_id for event in events} == post(posting(events=events)).event_ids
    assert 250 == CostEvent.objects.count()


def test_nothing_that_a_caller_writes_stops_the_books(owner):
    strange = msgspec.structs.replace(EVENT, end_user="a\0b" + "é" * 10_000, error="'; --")
    post(posting(events=(strange,)))
    assert "a\N{REPLACEMENT CHARACTER}b" + "é" * 10_000 == CostEvent.objects.get().end_user


def test_registering_twice_keeps_the_cursor(owner):
    post(posting())
    register_owner(OWNER, "node", "boot")
    assert (100, 0) == cursor_of(owner)


def test_closing_books_the_orphans_and_ends_the_posting(owner):
    result = close_owner(owner, [orphan_event(sent(), NOON + 60)], [orphan_log(sent())])
    assert {"aigw_1_a:1"} == result.event_ids
    event = CostEvent.objects.get()
    assert (9_000, True, Outcome.ESTIMATED) == (event.amount_nano, event.estimated, event.outcome)
    assert "closed" == Owner.objects.get().state
    with pytest.raises(CursorMovedError):
        post(posting())
    with pytest.raises(CursorMovedError):
        close_owner(owner)


def test_what_turns_up_of_a_journal_that_was_written_off_is_not_posted(owner):
    post(posting())
    write_off(owner, spent=False, reason="The disk is broken.", actor="root")
    later = cost_event(sent(request_id="aigw_2"), settled(request_id="aigw_2"))
    with pytest.raises(CursorMovedError):
        post(posting(100, 200, events=(later,), logs=()))
    with pytest.raises(CursorMovedError):
        write_off(owner, spent=True, reason="The disk is broken.", actor="root")
    assert 1 == CostEvent.objects.count()


def test_an_orphan_that_was_settled_meanwhile_keeps_its_cost(owner):
    post(posting())
    assert frozenset() == close_owner(owner, [orphan_event(sent(), NOON + 60)]).event_ids
    assert 1_234 == CostEvent.objects.get().amount_nano


def test_a_request_that_was_logged_or_left_several_attempts_behind_has_one_row(owner):
    post(posting())
    left = [sent(request_id=name, attempt=n, at=NOON + n) for name in ("aigw_1_a", "aigw_2_b") for n in (2, 3)]
    result = close_owner(owner, [orphan_event(one, NOON + 60) for one in left], [orphan_log(one) for one in left])
    assert (4, {"aigw_2_b"}) == (len(result.event_ids), result.request_ids)
    assert [("aigw_1_a", 1), ("aigw_2_b", 3)] == list(RequestLog.objects.order_by("pk").values_list("pk", "attempts"))


def test_the_database_refuses_to_change_a_cost_event(owner):
    post(posting())
    with pytest.raises(IntegrityError), transaction.atomic():
        CostEvent.objects.update(amount_nano=0)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE headgate_cost_event SET card_id = 'another'")
    assert 1_234 == CostEvent.objects.get().amount_nano


def test_the_database_refuses_a_watermark_past_the_cursor(owner):
    with pytest.raises(IntegrityError), transaction.atomic():
        Cursor.objects.update(low_watermark=1)


@dataclass
class Attempt:
    inserted: int = 0
    refused: int = 0


@pytest.mark.django_db(transaction=True)
def test_of_two_threads_that_post_the_same_stretch_one_posts_it():
    register_owner(OWNER, "node", "boot")
    together = threading.Barrier(2)

    def run(_number: int) -> Attempt:
        mine = Attempt()
        try:
            for step in range(20):
                event = cost_event(sent(request_id=f"aigw_{step}"), settled(request_id=f"aigw_{step}"))
                together.wait(timeout=20)
                try:
                    mine.inserted += len(post(posting(step, step + 1, events=(event,), logs=())).event_ids)
                except CursorMovedError:
                    mine.refused += 1
        finally:
            connection.close()
        return mine

    with ThreadPoolExecutor(2) as threads:
        attempts = list(threads.map(run, range(2)))
    assert (20, 20) == (sum(a.inserted for a in attempts), sum(a.refused for a in attempts))
    assert 20 == CostEvent.objects.count()
    assert (20, 19) == cursor_of(OWNER)
