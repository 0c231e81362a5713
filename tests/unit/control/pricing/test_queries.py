import datetime as dt

import pytest

from headgate.control.pricing.models import PriceCard
from headgate.control.pricing.operations import seed_cards
from headgate.control.pricing.queries import card_of, published_cards
from tests.kit.books import card

pytestmark = pytest.mark.django_db


def test_cards_of_the_future_are_published_and_retired_ones_are_not():
    future = card(id="a", active_from=dt.date(2100, 1, 1))
    seed_cards([future, card(id="b")])
    seed_cards([future])
    assert (future,) == published_cards()
    assert {"a", "b"} == {card_of(row).id for row in PriceCard.objects.all()}
