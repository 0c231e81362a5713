import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from headgate.control.pricing.models import Widening
from headgate.control.pricing.queries import published_widenings
from headgate.control.pricing.widenings import TAKES_EFFECT, forget_widenings, observe_overruns
from headgate.control.publication.models import Snapshot
from headgate.domain.outcome import Outcome
from headgate.ledger.postings import CostEventPosting, cost_event
from headgate.pricing.widening import LARGEST_FACTOR_PPM
from headgate.snapshot import contract
from tests.kit.books import NOON, sent, settled

pytestmark = pytest.mark.django_db
NOW = dt.datetime.fromtimestamp(NOON, dt.UTC)
MODEL = ("anthropic", "claude-sonnet-4-5")


def event(
    cost: int | None, hold: int | None = 1_000, *, outcome: Outcome = Outcome.OK, **attempt: Any
) -> CostEventPosting:
    posting = cost_event(sent(hold=hold, **attempt), settled(cost=cost, outcome=outcome))
    assert posting is not None
    return posting


def test_an_overrun_widens_the_bound_of_its_model_and_is_published():
    assert 1 == observe_overruns([event(1_501)], NOW)
    row = Widening.objects.get()
    assert (*MODEL, 1_510_000) == (row.provider, row.model, row.factor_ppm)
    assert ("aigw_1_a:1", NOW) == (row.event_id, row.seen_at)
    assert (contract.Widening(*MODEL, 1_510_000),) == published_widenings()
    assert 1 == Snapshot.objects.count()


def test_the_worst_of_several_counts_and_all_are_published_at_once():
    events = [event(1_200), event(1_700), event(1_300), event(1_100, request_model="other")]
    assert 2 == observe_overruns(events, NOW)
    assert {"claude-sonnet-4-5": 1_700_000, "other": 1_100_000} == {
        row.model: row.factor_ppm for row in Widening.objects.all()
    }
    assert 1 == Snapshot.objects.count()


def test_the_operator_is_named_as_its_price_cards_name_it():
    observe_overruns([event(1_500, provider="azure_openai"), event(1_500, provider="unheard-of")], NOW)
    assert {"azure", "unheard-of"} == {row.provider for row in Widening.objects.all()}


@pytest.mark.parametrize(
    "posting",
    [
        event(1_000),
        event(999),
        event(None),
        event(1_500, None),
        event(1_500, 0),
        event(1_500, outcome=Outcome.ESTIMATED),
    ],
)
def test_what_was_covered_or_is_not_known_widens_nothing(posting: CostEventPosting, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert 0 == observe_overruns([posting], NOW)


def test_a_smaller_overrun_later_changes_nothing_and_publishes_nothing():
    observe_overruns([event(2_000)], NOW)
    assert 0 == observe_overruns([event(1_900), event(2_000)], NOW)
    assert 2_000_000 == Widening.objects.get().factor_ppm
    assert 1 == Snapshot.objects.count()


def test_an_overrun_of_a_widened_hold_widens_it_further():
    observe_overruns([event(2_000)], NOW)
    after = NOON + TAKES_EFFECT.total_seconds() + 1
    assert 1 == observe_overruns([event(1_500, at=after)], NOW + dt.timedelta(minutes=1))
    row = Widening.objects.get()
    assert (3_000_000, NOW + dt.timedelta(minutes=1)) == (row.factor_ppm, row.seen_at)


def test_what_left_before_the_widening_took_effect_does_not_pile_up():
    observe_overruns([event(2_000)], NOW)
    assert 0 == observe_overruns([event(1_800, at=NOON + 5)], NOW)
    assert 1 == observe_overruns([event(2_500, at=NOON + 5)], NOW)
    assert 2_500_000 == Widening.objects.get().factor_ppm


def test_a_factor_has_an_end():
    observe_overruns([event(10**9, 1)], NOW)
    assert 0 == observe_overruns([event(10**9, 1, at=NOON + 3_600)], NOW)
    assert LARGEST_FACTOR_PPM == Widening.objects.get().factor_ppm


def test_a_forgotten_widening_is_published_as_gone_and_may_return():
    observe_overruns([event(2_000)], NOW)
    forget_widenings(Widening.objects.all())
    assert () == published_widenings()
    assert 2 == Snapshot.objects.count()
    assert 1 == observe_overruns([event(1_200)], NOW)


def test_the_database_refuses_a_factor_that_narrows():
    with pytest.raises(IntegrityError), transaction.atomic():
        Widening.objects.create(provider="p", model="m", factor_ppm=1_000_000, seen_at=NOW, event_id="e")
