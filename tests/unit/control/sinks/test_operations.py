import datetime as dt

import pytest
from django.db import transaction

from headgate.control.ledger.operations import close_owner, register_owner
from headgate.control.sinks.models import Delivery, SinkState
from headgate.control.sinks.operations import MAX_ERROR_CHARS, enqueue, note, refuse, told
from headgate.domain.ids import OwnerId, RequestId
from headgate.ledger.postings import orphan_event, orphan_log
from tests.kit.books import NOON, sent
from tests.kit.deliveries import REQUEST, delivery, post_told

pytestmark = pytest.mark.django_db
WHEN = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def queued() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("request_id", flat=True))


def test_a_delivery_is_queued_with_the_row_that_it_is_about_and_once():
    post_told(context={"langsmith": "run"})
    found = Delivery.objects.get()
    assert ("langsmith", REQUEST, WHEN - dt.timedelta(seconds=1), {"langsmith": "run"}, None) == (
        found.sink,
        found.request_id,
        found.occurred_at,
        found.context,
        found.refusal,
    )


def test_of_requests_that_were_in_the_books_before_nothing_is_queued():
    with transaction.atomic():
        enqueue([delivery("a"), delivery("b"), delivery("b")], {"b"})
    assert ["b"] == queued()


def test_two_attempts_that_a_dead_worker_left_are_one_delivery():
    owner = OwnerId("a" * 32)
    register_owner(owner, "node", "boot")
    sents = [sent(request_id=RequestId(REQUEST), attempt=number) for number in (1, 2)]
    events, logs = [orphan_event(each, NOON) for each in sents], [orphan_log(each) for each in sents]
    close_owner(owner, events, logs, (), [delivery(), delivery()])
    assert [REQUEST] == queued()


def test_what_was_told_leaves_the_queue():
    for name in ("a", "b", "c"):
        post_told(name)
    told([Delivery.objects.get(request_id=name).pk for name in ("a", "c")])
    assert ["b"] == queued()


def test_what_is_refused_stays_with_its_reason():
    post_told()
    refuse(Delivery.objects.get().pk, "x" * 5000)
    assert "x" * MAX_ERROR_CHARS == Delivery.objects.get().refusal


def test_how_a_sink_is_doing_is_one_row():
    note("langsmith", WHEN, None)
    later = WHEN + dt.timedelta(minutes=1)
    note("langsmith", later, "away")
    state = SinkState.objects.get()
    assert (later, WHEN, "away") == (state.tried_at, state.answered_at, state.error)
