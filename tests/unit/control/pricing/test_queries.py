import datetime as dt

import pytest

from headgate.control.pricing.models import PriceCard, Widening
from headgate.control.pricing.operations import seed_cards
from headgate.control.pricing.queries import card_of, published_cards, published_widenings
from headgate.snapshot import contract
from tests.kit.books import card

pytestmark = pytest.mark.django_db


def test_cards_of_the_future_are_published_and_retired_ones_are_not():
    future = card(id="a", active_from=dt.date(2100, 1, 1))
    seed_cards([future, card(id="b")])
    seed_cards([future])
    assert (future,) == published_cards()
    assert {"a", "b"} == {card_of(row).id for row in PriceCard.objects.all()}


def test_widened_bounds_are_published_in_a_stable_order():
    seen = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for model in ("m2", "m1"):
        Widening.objects.create(provider="openai", model=model, factor_ppm=1_500_000, seen_at=seen, event_id="e")
    expected = [contract.Widening("openai", model, 1_500_000) for model in ("m1", "m2")]
    assert expected == list(published_widenings())
