from decimal import Decimal

import msgspec
import pytest

from headgate.domain.ids import CardId
from headgate.domain.prices import Match, PriceCard, Rate, Tier, Variant
from headgate.domain.usage import Unit
from headgate.pricing.bound import (
    RequestShape,
    dearest_rates,
    input_bound,
    output_bound,
    output_limit,
    token_bound,
    upper_bound,
)
from headgate.pricing.compiled import CompiledCard, compile_card

CARD = PriceCard(
    id=CardId("acme/m1@always#1"),
    provider="acme",
    model="m1",
    match=Match(equals="m1"),
    rates={
        Unit.INPUT: Rate(Decimal(3), (Tier(1_000, Decimal(6)),)),
        Unit.CACHE_WRITE: Rate(Decimal(4)),
        Unit.OUTPUT: Rate(Decimal(15)),
        Unit.OUTPUT_REASONING: Rate(Decimal(20)),
        Unit.WEB_SEARCH: Rate(Decimal(10_000)),
    },
    variants=(Variant("priority", {Unit.OUTPUT_REASONING: Rate(Decimal(50))}),),
    context_window=5_000,
    max_output=400,
    source="headgate",
)
COMPILED = compile_card(CARD)
PLAIN = RequestShape(body_bytes=100, max_output_tokens=10)


def changed(**fields: object) -> RequestShape:
    return msgspec.structs.replace(PLAIN, **fields)


def test_input_is_bounded_by_size_surcharge_and_window():
    assert 100 == input_bound(COMPILED, PLAIN)
    assert 140 == input_bound(COMPILED, changed(surcharge_tokens=40))
    assert 5_000 == input_bound(COMPILED, changed(body_bytes=10**6))


def test_what_refers_outside_is_bounded_by_the_window_alone():
    assert 5_000 == input_bound(COMPILED, changed(refers_outside=True))


def test_an_image_costs_what_its_family_says_and_the_window_elsewhere():
    mini = compile_card(msgspec.structs.replace(CARD, model="gpt-4o", context_window=None))
    assert 100 + 2 * 1_445 == input_bound(mini, changed(images=2))
    assert 5_000 == input_bound(COMPILED, changed(images=1))


def test_a_model_that_searches_by_itself_is_bounded_by_the_window():
    assert 5_000 == input_bound(compile_card(msgspec.structs.replace(CARD, model="groq/compound")), PLAIN)


def test_output_is_bounded_by_the_limit_then_by_the_model_then_by_the_window():
    assert 10 == output_bound(COMPILED, PLAIN)
    assert 400 == output_bound(COMPILED, changed(max_output_tokens=None))
    assert 400 == output_bound(COMPILED, changed(max_output_tokens=10**9))
    assert 5_000 == output_bound(msgspec.structs.replace(COMPILED, max_output=None), changed(max_output_tokens=None))


def test_every_choice_has_its_output():
    assert 30 == output_bound(COMPILED, changed(choices=3))


def test_embeddings_have_none():
    assert 0 == output_bound(COMPILED, changed(output=False))


def test_every_token_is_held_at_its_dearest_rate():
    assert 100 * 4_000 + 10 * 20_000 == upper_bound(COMPILED, PLAIN)


def test_a_tier_within_reach_counts():
    assert 1_001 * 6_000 + 10 * 20_000 == upper_bound(COMPILED, changed(body_bytes=1_001))


def test_an_hour_in_the_cache_is_dearer():
    assert 100 * 6_000 + 10 * 20_000 == upper_bound(COMPILED, changed(long_cache=True))


def test_a_dearer_service_tier_counts_when_the_request_names_it():
    assert 100 * 4_000 + 10 * 50_000 == upper_bound(COMPILED, changed(service_tiers=("priority",)))


def test_searches_are_held():
    assert 100 * 4_000 + 10 * 20_000 + 2 * 10_000_000 == upper_bound(COMPILED, changed(searches=2))


def test_the_fee_per_request_is_held():
    card = compile_card(msgspec.structs.replace(CARD, rates={**CARD.rates, Unit.REQUEST: Rate(Decimal(7_000))}))
    assert 100 * 4_000 + 10 * 20_000 + 7_000_000 == upper_bound(card, PLAIN)


def test_a_free_model_holds_nothing_even_where_nothing_is_known():
    free = msgspec.structs.replace(COMPILED, free=True, context_window=None, max_output=None)
    assert 0 == upper_bound(free, changed(refers_outside=True, max_output_tokens=None))


@pytest.mark.parametrize("shape", [changed(refers_outside=True), changed(images=1), changed(max_output_tokens=None)])
def test_without_a_window_or_a_limit_there_is_no_bound(shape: RequestShape):
    assert upper_bound(msgspec.structs.replace(COMPILED, context_window=None, max_output=None), shape) is None


@pytest.mark.parametrize("unit", [Unit.INPUT, Unit.OUTPUT, Unit.WEB_SEARCH])
def test_without_a_rate_that_may_be_needed_there_is_no_bound(unit: Unit):
    rates = {other: rate for other, rate in CARD.rates.items() if other is not unit}
    if unit is Unit.OUTPUT:
        rates.pop(Unit.OUTPUT_REASONING)
    assert upper_bound(compile_card(msgspec.structs.replace(CARD, rates=rates)), changed(searches=1)) is None


def test_a_hold_is_rounded_up():
    card = compile_card(msgspec.structs.replace(CARD, rates={Unit.INPUT: Rate(Decimal("0.00001"))}))
    assert 1 == upper_bound(card, RequestShape(body_bytes=1, output=False))


def test_tokens_are_bounded_in_and_out():
    assert 110 == token_bound(COMPILED, PLAIN)
    assert 130 == token_bound(COMPILED, changed(choices=3))
    assert 500 == token_bound(COMPILED, changed(max_output_tokens=None))


def test_tokens_of_a_model_without_a_card_are_bounded_by_the_request_alone():
    assert 110 == token_bound(None, PLAIN)
    assert token_bound(None, changed(max_output_tokens=None)) is None
    assert token_bound(None, changed(refers_outside=True)) is None
    assert token_bound(None, changed(images=1)) is None


def test_the_dearest_rates_are_those_of_the_bound():
    assert (4 * 10**12, 20 * 10**12, 0) == dearest_rates(COMPILED, PLAIN, 100)
    assert (4 * 10**12, 20 * 10**12, 2 * 10**16) == dearest_rates(COMPILED, changed(searches=2), 100)


def test_the_limit_of_one_choice_is_the_callers_or_the_models():
    assert 10 == output_limit(COMPILED, changed(choices=3))
    assert 400 == output_limit(COMPILED, changed(max_output_tokens=10**9))
    endless = msgspec.structs.replace(COMPILED, context_window=None, max_output=None)
    assert output_limit(endless, changed(max_output_tokens=None)) is None


def counting(rates: dict[Unit, str], **variants: dict[Unit, str]) -> CompiledCard:
    made = tuple(
        Variant(name, {unit: Rate(Decimal(price)) for unit, price in each.items()}) for name, each in variants.items()
    )
    return compile_card(
        msgspec.structs.replace(
            CARD, rates={unit: Rate(Decimal(price)) for unit, price in rates.items()}, variants=made
        )
    )


IMAGES = changed(counted=((Unit.IMAGE, 3),))


def test_what_is_counted_in_units_of_its_own_is_held_at_its_rate_and_no_token_with_it():
    assert 3 * 40_000_000 == upper_bound(counting({Unit.IMAGE: "40000"}), IMAGES)
    assert 0 == token_bound(counting({Unit.IMAGE: "40000"}), IMAGES)


def test_a_card_that_has_tokens_too_holds_both():
    card = counting({Unit.IMAGE: "40000", Unit.INPUT: "1", Unit.OUTPUT: "2"})
    assert 3 * 40_000_000 + 100 * 1_000 + 10 * 2_000 == upper_bound(card, IMAGES)


def test_a_card_that_has_tokens_alone_holds_tokens():
    assert 100 * 4_000 + 10 * 20_000 == upper_bound(COMPILED, IMAGES)
    assert 110 == token_bound(COMPILED, IMAGES)


def test_a_card_that_has_neither_bounds_nothing():
    assert upper_bound(counting({Unit.CHARACTER: "15"}), IMAGES) is None


def test_the_one_tier_that_a_request_is_billed_at_is_held_where_the_card_knows_it():
    card = counting({Unit.IMAGE: "120000"}, small={Unit.IMAGE: "16000"})
    assert 3 * 16_000_000 == upper_bound(card, changed(counted=((Unit.IMAGE, 3),), tier="small"))
    assert 3 * 120_000_000 == upper_bound(card, changed(counted=((Unit.IMAGE, 3),), tier="huge"))


def test_an_image_of_a_known_model_has_the_tokens_of_its_quality_and_size():
    card = compile_card(msgspec.structs.replace(CARD, model="gpt-image-1", max_output=6_240))
    asked = changed(max_output_tokens=None, counted=((Unit.IMAGE, 2),), choices=2)
    assert 2 * 272 == output_bound(card, msgspec.structs.replace(asked, tier="low/1024x1024"))
    assert 2 * 6_240 == output_bound(card, msgspec.structs.replace(asked, tier="standard/1024x1024"))


def test_what_tools_are_billed_by_is_held_where_every_rate_is_known():
    rates = {**CARD.rates, Unit.FILE_SEARCH: Rate(Decimal(2_500))}
    card = compile_card(msgspec.structs.replace(CARD, rates=rates))
    dearest = dearest_rates(card, changed(searches=2, fees=((Unit.FILE_SEARCH, 4),)), 100)
    assert dearest is not None
    assert 2 * 10**16 + 4 * 25 * 10**14 == dearest.fees
    assert dearest_rates(card, changed(fees=((Unit.CODE_SESSION, 1),)), 100) is None
    assert dearest_rates(card, changed(fees=((Unit.CODE_SESSION, 0),)), 100) is not None
