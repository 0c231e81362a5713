from decimal import Decimal

import msgspec
import pytest

from headgate.domain.ids import CardId
from headgate.domain.prices import Match, PriceCard, Rate, Tier, Variant
from headgate.domain.usage import Unit, usage_of
from headgate.pricing.compiled import compile_card
from headgate.pricing.price import price

CARD = PriceCard(
    id=CardId("acme/m1@always#1"),
    provider="acme",
    model="m1",
    match=Match(equals="m1"),
    rates={
        Unit.INPUT: Rate(Decimal(3), (Tier(200_000, Decimal(6)),)),
        Unit.CACHE_READ: Rate(Decimal("0.3"), (Tier(200_000, Decimal("0.6")),)),
        Unit.OUTPUT: Rate(Decimal(15), (Tier(200_000, Decimal("22.5")),)),
    },
    variants=(Variant("flex", {Unit.INPUT: Rate(Decimal("1.5"))}),),
    source="headgate",
)
COMPILED = compile_card(CARD)


def test_a_price_is_usage_times_card():
    assert (3_000 * 1_000 + 300 * 100 + 15_000 * 10, ()) == price(
        COMPILED, usage_of(input=1_000, cache_read=100, output=10), None
    )


@pytest.mark.parametrize(("expected", "cached"), [(3_000 + 300 * 199_999, 199_999), (6_000 + 600 * 200_000, 200_000)])
def test_the_tier_is_decided_by_the_whole_input_and_applies_to_all_of_it(expected: int, cached: int):
    assert expected == price(COMPILED, usage_of(input=1, cache_read=cached), None).amount


def test_a_service_tier_replaces_the_rates_it_names():
    assert 1_500 + 15_000 == price(COMPILED, usage_of(input=1, output=1), "flex").amount


def test_an_unknown_service_tier_costs_the_standard_rates():
    assert price(COMPILED, usage_of(input=1), None) == price(COMPILED, usage_of(input=1), "velvet")


def test_a_unit_without_a_rate_is_left_out_and_named():
    assert (3_000, ("web_search",)) == price(COMPILED, usage_of(input=1, web_search=2), None)


def test_the_fee_per_request_is_added_once():
    card = compile_card(msgspec.structs.replace(CARD, rates={**CARD.rates, Unit.REQUEST: Rate(Decimal(5_000))}))
    assert 5_000_000 + 3_000 == price(card, usage_of(input=1), None).amount
    assert 10_000_000 + 3_000 == price(card, usage_of(input=1, request=2), None).amount


@pytest.mark.parametrize(("expected", "tokens"), [(0, 1), (2, 3), (2, 5), (4, 7)])
def test_halves_are_rounded_to_even(expected: int, tokens: int):
    halves = compile_card(msgspec.structs.replace(CARD, rates={Unit.INPUT: Rate(Decimal("0.0005"))}))
    assert expected == price(halves, usage_of(input=tokens), None).amount


def test_the_seeds_example_costs_what_the_seed_says():
    rates = {Unit.INPUT: Rate(Decimal("0.15")), Unit.OUTPUT: Rate(Decimal("0.60"))}
    mini = compile_card(msgspec.structs.replace(CARD, rates=rates))
    assert 210_000 == price(mini, usage_of(input=1_000, output=100), None).amount
