import datetime as dt

import pytest

from headgate.control.ledger.freshness import BOUND, Freshness, freshness, note_ingest
from headgate.control.ledger.models import Owner, OwnerState
from headgate.control.ledger.operations import register_owner
from headgate.domain.ids import OwnerId

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def test_before_anything_was_said_nothing_is_known():
    assert Freshness(None, dt.timedelta(0), 0) == freshness(NOW)
    assert freshness(NOW).stands_still


def test_an_ingest_that_keeps_up_is_a_few_seconds_behind():
    note_ingest("n1", NOW - 2 * SECOND, caught_up=True, parked=0)
    assert Freshness(NOW - 2 * SECOND, 2 * SECOND, 0) == freshness(NOW)
    assert not freshness(NOW - 2 * SECOND + BOUND).stands_still
    assert freshness(NOW - SECOND + BOUND).stands_still


def test_the_node_that_is_furthest_behind_counts_while_it_has_something_to_post():
    for number in (1, 2):
        register_owner(OwnerId(f"{number}" * 32), f"n{number}", "boot")
    note_ingest("n1", NOW, caught_up=True, parked=0)
    assert freshness(NOW).as_of is None, "nobody has heard of n2"
    note_ingest("n2", NOW - 60 * SECOND, caught_up=True, parked=0)
    note_ingest("n2", NOW, caught_up=False, parked=1)
    behind = freshness(NOW)
    assert (NOW - 60 * SECOND, 1, True) == (behind.as_of, behind.parked, behind.stands_still)
    Owner.objects.filter(node="n2").update(state=OwnerState.CLOSED)
    assert Freshness(NOW, dt.timedelta(0), 0) == freshness(NOW)


def test_a_journal_that_cannot_be_posted_is_told_of_at_once():
    register_owner(OwnerId("1" * 32), "n1", "boot")
    note_ingest("n1", NOW, caught_up=True, parked=0)
    note_ingest("n1", NOW, caught_up=False, parked=1)
    assert freshness(NOW).stands_still
