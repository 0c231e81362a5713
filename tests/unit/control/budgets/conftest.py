"""Events for the tests of budgets."""

import datetime as dt
import itertools

import pytest

from headgate.control.ledger.operations import post, register_owner
from headgate.domain.ids import OwnerId
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome
from headgate.domain.principal import Attribution
from headgate.ledger.postings import OwnerPosting, cost_event
from tests.kit.books import sent, settled

NOW = dt.datetime(2026, 11, 20, 19, 0, tzinfo=dt.UTC)


@pytest.fixture
def spend(db):
    """Post one cost event: whose, how much in nano-USD (12 tokens, one request), and when."""
    numbers = itertools.count(1)

    def post_event(organization, cost, *, user=None, at=NOW, outcome=Outcome.OK, key_id="1" * 32):
        number = next(numbers)
        owner, request_id = OwnerId(f"{number:032x}"), f"aigw_{number}_{organization.name.lower()}"
        left = sent(
            request_id=request_id,
            at=at.timestamp(),
            organization_id=organization.pk,
            key_id=key_id,
            attribution=Attribution(user=user),
        )
        event = cost_event(left, settled(request_id=request_id, cost=NanoUsd(cost), outcome=outcome))
        register_owner(owner, "node", "boot")
        post(OwnerPosting(owner_id=owner, posted_from=0, posted_to=1, low_watermark=1, events=(event,)))

    return post_event
