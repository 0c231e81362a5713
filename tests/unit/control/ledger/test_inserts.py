import datetime as dt

import pytest
from django.db import transaction

from headgate.control.ledger.inserts import insert_once
from headgate.control.ledger.models import CostEvent
from headgate.control.partitions import make_room
from headgate.domain.money import NanoUsd
from headgate.ledger.postings import CostEventPosting, cost_event
from tests.kit.books import sent, settled

pytestmark = pytest.mark.django_db


def event(request_id: str = "r1", at: float = 1_767_268_800.0, cost: int = 7, model: str = "m") -> CostEventPosting:
    left = sent(request_id=request_id, at=at)
    made = cost_event(left, settled(request_id=request_id, cost=NanoUsd(cost), response_model=model))
    assert made is not None
    return made


def inserted(*postings: CostEventPosting) -> frozenset[str]:
    make_room(posting.occurred_at for posting in postings)
    with transaction.atomic():
        return insert_once(CostEvent, CostEventPosting, postings)


def test_many_rows_go_in_whatever_their_number():
    postings = [event(f"r{number}") for number in range(64 + 16 + 4 + 1 + 1)]
    assert {posting.event_id for posting in postings} == inserted(*postings)
    assert len(postings) == CostEvent.objects.count()


def test_what_is_there_already_is_neither_inserted_nor_changed():
    first = event(cost=7)
    assert {first.event_id} == inserted(first)
    again = event(cost=8)
    assert frozenset() == inserted(again)
    assert 7 == CostEvent.objects.get().amount_nano


def test_nothing_is_inserted_from_nothing():
    assert frozenset() == inserted()


@pytest.mark.parametrize("seconds", [1_767_268_800.0, 1_767_268_800.5, 1_767_268_800.000_001, 1_767_268_799.999_999])
def test_moments_come_back_as_they_went_in(seconds):
    inserted(event(at=seconds))
    moment = CostEvent.objects.get().occurred_at
    assert dt.datetime.fromtimestamp(seconds, tz=dt.UTC) == moment
    assert 1 == CostEvent.objects.filter(occurred_at=moment).count()


def test_a_character_that_postgres_refuses_is_replaced():
    inserted(event(model="a\0b"))
    assert "a\N{REPLACEMENT CHARACTER}b" == CostEvent.objects.get().response_model
