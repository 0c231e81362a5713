"""What is billed by images, characters, seconds or searches never settles above its hold either."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from headgate.domain.ids import CardId
from headgate.domain.prices import Match, PriceCard, Rate, Variant
from headgate.domain.usage import Unit, Usage
from headgate.pricing.bound import RequestShape, input_bound, output_bound, upper_bound
from headgate.pricing.compiled import CompiledCard, compile_card
from headgate.pricing.price import price

COUNTED = (Unit.IMAGE, Unit.CHARACTER, Unit.AUDIO_SECOND, Unit.SEARCH_UNIT)
TIERS = ("high:1024x1024", "low:1024x1024")

rates = st.integers(0, 10**10).map(lambda n: Rate(Decimal(n).scaleb(-4)))
counts = st.integers(0, 10**6)


@st.composite
def cards(draw: st.DrawFn) -> CompiledCard:
    """Cards by what is counted, by tokens, or by both; dearer and cheaper tiers of either."""
    priced = draw(st.sets(st.sampled_from([*COUNTED, Unit.REQUEST])))
    own = {unit: draw(rates) for unit in sorted(priced)}
    if draw(st.booleans()):
        own |= {Unit.INPUT: draw(rates), Unit.OUTPUT: draw(rates)}
    variants = tuple(
        Variant(tier, {unit: draw(rates) for unit in sorted(own)})
        for tier in sorted(draw(st.sets(st.sampled_from(TIERS))))
    )
    return compile_card(
        PriceCard(
            id=CardId("x"),
            provider="x",
            model="x",
            match=Match(equals="x"),
            rates=own,
            variants=variants,
            max_output=draw(st.none() | counts),
            source="admin",
        )
    )


@st.composite
def shapes(draw: st.DrawFn) -> RequestShape:
    return RequestShape(
        body_bytes=draw(counts),
        max_output_tokens=draw(st.none() | counts),
        choices=draw(st.integers(1, 4)),
        output=draw(st.booleans()),
        counted=tuple((unit, draw(counts)) for unit in sorted(draw(st.sets(st.sampled_from(COUNTED), min_size=1)))),
        tier=draw(st.none() | st.sampled_from(TIERS)),
    )


@given(st.data(), cards(), shapes())
def test_a_hold_is_never_below_what_was_counted_at_the_tier_asked_for(
    data: st.DataObject, card: CompiledCard, shape: RequestShape
):
    hold = upper_bound(card, shape)
    if hold is None:
        return
    tokens_in, tokens_out = input_bound(card, shape), output_bound(card, shape)
    assert tokens_in is not None
    assert tokens_out is not None
    bounds = (*shape.counted, (Unit.INPUT, tokens_in), (Unit.OUTPUT, tokens_out))
    quantities = {unit: data.draw(st.just(most) | st.integers(0, most)) for unit, most in bounds}
    assert price(card, Usage(quantities), shape.tier).amount <= hold


@given(cards(), shapes())
def test_only_a_card_with_a_rate_for_something_counted_or_for_tokens_bounds_a_request(
    card: CompiledCard, shape: RequestShape
):
    priced = any(unit in card.standard.brackets[-1].atto for unit, _ in shape.counted)
    if upper_bound(card, shape) is not None:
        assert priced or card.by_token
