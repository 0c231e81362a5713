import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from headgate.control.pricing import operations
from headgate.control.pricing.models import PriceCard
from headgate.control.pricing.queries import card_of, published_cards
from headgate.control.publication.models import Snapshot
from headgate.domain.prices import Match, Rate, Tier, Variant
from headgate.domain.usage import Unit
from tests.kit.books import card

pytestmark = pytest.mark.django_db
FULL = card(
    match=Match(any_of=(Match(starts_with="gpt"), Match(regex="^x"))),
    rates={Unit.INPUT: Rate(price=Decimal("0.1"), tiers=(Tier(above=200_000, price=Decimal("0.2")),))},
    variants=(Variant(service_tier="flex", rates={Unit.INPUT: Rate(price=Decimal("0.05"))}),),
    active_from=dt.date(2026, 1, 1),
    daily_from=dt.time(16, 30),
    daily_to=dt.time(0, 30),
    context_window=400_000,
    max_output=128_000,
)


def test_a_card_is_stored_and_read_back_exactly():
    operations.seed_cards([FULL])
    assert FULL == card_of(PriceCard.objects.get())
    assert (FULL,) == published_cards()


def test_seeding_again_writes_and_publishes_nothing():
    assert 1 == operations.seed_cards([card()])
    assert 0 == operations.seed_cards([card()])
    assert 1 == Snapshot.objects.count()


def test_a_card_that_the_newer_data_lacks_is_retired_and_may_return():
    gone, stays = card(id="a"), card(id="b")
    operations.seed_cards([gone, stays])
    operations.seed_cards([stays])
    assert (stays,) == published_cards()
    assert 2 == PriceCard.objects.count()
    operations.seed_cards([gone, stays])
    assert (gone, stays) == published_cards()


def test_an_override_outranks_the_seeds_and_survives_them():
    row = operations.add_override(card(priority=3, source="whoever"))
    assert ("admin", 100) == (row.source, row.priority)
    assert row.pk.startswith("openai/gpt@always#")
    operations.seed_cards([])
    assert [row.pk] == [kept.id for kept in published_cards()]


def test_an_override_of_an_organization_says_so(acme):
    operations.add_override(card(organization_id=acme.pk))
    assert acme.pk == published_cards()[0].organization_id


def test_the_same_override_a_second_time_is_refused():
    operations.add_override(card())
    with pytest.raises(IntegrityError), transaction.atomic():
        operations.add_override(card())


def test_the_database_refuses_to_change_a_card():
    operations.seed_cards([card()])
    for change in ({"payload": {}}, {"priority": 5}, {"model": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PriceCard.objects.update(**change)
    assert card() == card_of(PriceCard.objects.get())
