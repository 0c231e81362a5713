"""Holds are never below settlements, prices are exact and monotone, and agree with the price data's own calculator."""

import datetime as dt
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec
import pytest
from genai_prices import Usage as GenaiUsage
from genai_prices.data import providers as genai_providers
from genai_prices.types import ModelInfo
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain.ids import CardId
from headgate.domain.money import ATTO_PER_NANO, AttoUsd, ceil_to_nano, nano_to_usd, round_to_nano
from headgate.domain.prices import Match, PriceCard, Rate, Tier, Variant
from headgate.domain.usage import INPUT_UNITS, OUTPUT_UNITS, Unit, Usage
from headgate.pricing.book import PriceBook
from headgate.pricing.bound import RequestShape, input_bound, output_bound, upper_bound
from headgate.pricing.compiled import CompiledCard, compile_card
from headgate.pricing.price import price
from headgate.pricing.seed import seed_cards

LATE = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)

prices = st.integers(0, 10**9).map(lambda n: Decimal(n).scaleb(-6))
counts = st.integers(0, 10**7)


@st.composite
def rates(draw: st.DrawFn, *, dearer: bool = False) -> Rate:
    """A rate with up to two tiers; `dearer`: each tier costs at least what the one below it does."""
    base = price_above = draw(prices)
    tiers: list[Tier] = []
    for above in sorted(draw(st.sets(st.integers(1, 10**6), max_size=2))):
        price_above = price_above + draw(prices) if dearer else draw(prices)
        tiers.append(Tier(above, price_above))
    return Rate(base, tuple(tiers))


@st.composite
def cards(draw: st.DrawFn, *, dearer: bool = False) -> CompiledCard:
    token_units = sorted(INPUT_UNITS | OUTPUT_UNITS)
    own = {unit: draw(rates(dearer=dearer)) for unit in draw(st.sets(st.sampled_from(token_units)))}
    own |= {Unit.INPUT: draw(rates(dearer=dearer)), Unit.OUTPUT: draw(rates(dearer=dearer))}
    for fee in draw(st.sets(st.sampled_from([Unit.REQUEST, Unit.WEB_SEARCH]))):
        own[fee] = Rate(draw(prices))
    variants = tuple(
        Variant(tier, {Unit.INPUT: draw(rates(dearer=dearer))})
        for tier in draw(st.sets(st.sampled_from(["flex", "fast"])))
    )
    card = PriceCard(
        id=CardId("x"), provider="x", model="x", match=Match(equals="x"), rates=own, variants=variants, source="admin"
    )
    windows = {"context_window": draw(st.none() | counts), "max_output": draw(st.none() | counts)}
    return compile_card(msgspec.structs.replace(card, **windows))


@st.composite
def shapes(draw: st.DrawFn) -> RequestShape:
    return RequestShape(
        body_bytes=draw(counts),
        max_output_tokens=draw(st.none() | counts),
        choices=draw(st.integers(1, 4)),
        refers_outside=draw(st.booleans()),
        searches=draw(st.integers(0, 5)),
        surcharge_tokens=draw(st.integers(0, 5_000)),
        audio=draw(st.booleans()),
        modalities=draw(st.booleans()),
        long_cache=draw(st.booleans()),
        service_tiers=tuple(draw(st.sets(st.sampled_from(["flex", "fast", "unknown"])))),
        output=draw(st.booleans()),
    )


def split(draw: st.DrawFn, total: int, units: list[Unit]) -> dict[Unit, int]:
    """Up to `total` spread over units."""
    left, parts = total, {}
    for unit in units:
        part = draw(st.integers(0, left))
        left -= part
        if part:
            parts[unit] = part
    return parts


def units_within(shape: RequestShape) -> tuple[list[Unit], list[Unit]]:
    """Input and output units that an answer to this request can have."""
    into = [Unit.INPUT, Unit.CACHE_READ, Unit.CACHE_WRITE]
    into += [Unit.INPUT_AUDIO, Unit.CACHE_READ_AUDIO] if shape.audio else []
    into += [Unit.CACHE_WRITE_1H] if shape.long_cache else []
    out = [Unit.OUTPUT, Unit.OUTPUT_REASONING, Unit.OUTPUT_CITATION]
    out += [Unit.OUTPUT_AUDIO, Unit.OUTPUT_IMAGE] if shape.modalities else []
    return into, out


@given(st.data(), cards(), shapes())
def test_a_hold_is_never_below_the_settlement_of_a_usage_within_its_bounds(
    data: st.DataObject, card: CompiledCard, shape: RequestShape
):
    hold = upper_bound(card, shape)
    if hold is None:
        return
    into, out = units_within(shape)
    tokens_in, tokens_out = input_bound(card, shape), output_bound(card, shape)
    assert tokens_in is not None
    assert tokens_out is not None
    quantities = split(data.draw, tokens_in, into) | split(data.draw, tokens_out, out)
    if searches := data.draw(st.integers(0, shape.searches)):
        quantities[Unit.WEB_SEARCH] = searches
    tier = data.draw(st.sampled_from([None, *shape.service_tiers]))
    settled = price(card, Usage(quantities), tier)
    assert () == settled.unpriced_units
    assert settled.amount <= hold


@given(st.data(), cards(dearer=True), st.sampled_from([None, "flex", "fast"]))
def test_more_of_a_unit_never_costs_less(data: st.DataObject, card: CompiledCard, tier: str | None):
    units = sorted(INPUT_UNITS | OUTPUT_UNITS)
    fewer = {unit: n for unit in units if (n := data.draw(st.sampled_from([0, 0, 1, 7, 200_000])))}
    unit = data.draw(st.sampled_from(units))
    more = {**fewer, unit: fewer.get(unit, 0) + data.draw(counts)}
    assert price(card, Usage(fewer), tier).amount <= price(card, Usage(more), tier).amount


@given(st.integers(0, 10**30))
def test_the_only_rounding_is_half_to_even(atto: int):
    exact = Decimal(atto) / ATTO_PER_NANO if atto < 10**18 else None
    if exact is not None:
        assert int(exact.to_integral_value(ROUND_HALF_EVEN)) == round_to_nano(AttoUsd(atto))
    assert abs(round_to_nano(AttoUsd(atto)) * ATTO_PER_NANO - atto) * 2 <= ATTO_PER_NANO
    assert round_to_nano(AttoUsd(atto)) <= ceil_to_nano(AttoUsd(atto))


@given(st.data())
def test_a_hold_grows_with_the_request(data: st.DataObject):
    card, shape = data.draw(cards()), data.draw(shapes())
    larger = msgspec.structs.replace(
        shape, body_bytes=shape.body_bytes + data.draw(counts), choices=shape.choices + 1, long_cache=True
    )
    small, large = upper_bound(card, shape), upper_bound(card, larger)
    assert (small is None) == (large is None)
    if small is not None and large is not None:
        assert small <= large


ALL_MODELS = [(operator.id, model) for operator in genai_providers for model in operator.models]
BOOK = PriceBook(seed_cards())
OURS = {
    Unit.INPUT: "input_tokens",
    Unit.CACHE_READ: "cache_read_tokens",
    Unit.CACHE_WRITE: "cache_write_tokens",
    Unit.OUTPUT: "output_tokens",
}


def reference(model: ModelInfo, usage: dict[Unit, int]) -> Decimal | None:
    """What the price data's own calculator says; None where it cannot price this usage."""
    whole = sum(n for unit, n in usage.items() if unit in INPUT_UNITS)
    fields = {OURS[unit]: n for unit, n in usage.items() if unit not in (Unit.INPUT, Unit.OUTPUT)}
    try:
        priced = model.get_prices(LATE).calc_price(
            GenaiUsage(input_tokens=whole, output_tokens=usage.get(Unit.OUTPUT, 0), **fields)
        )
    except ValueError:
        return None
    return priced["total_price"]


def differs_on_purpose(operator: str, model: ModelInfo, card: CompiledCard) -> bool:
    """Cards whose fee per request is ours; prices finer than 1e-12 USD per million are rounded to it."""
    standard = model.get_prices(LATE)
    fee = getattr(standard, "requests_kcount")  # noqa: B009 - a key of the data, not an attribute of the type
    return bool(card.standard.request_fee) != bool(fee) or operator == "perplexity"


@given(st.data())
def test_prices_agree_with_the_price_datas_own_calculator(data: st.DataObject):
    for operator, model in data.draw(st.lists(st.sampled_from(ALL_MODELS), min_size=20, max_size=40)):
        card = own_card(operator, model)
        if card is None or card.free or differs_on_purpose(operator, model, card):
            continue
        usage = {unit: n for unit in OURS if (n := data.draw(st.sampled_from([0, 1, 999, 150_000, 300_000])))}
        theirs, ours = reference(model, usage), price(card, Usage(usage), None)
        if theirs is None or ours.unpriced_units:
            continue
        assert abs(nano_to_usd(ours.amount) - theirs) <= Decimal("1e-9"), (operator, model.id, usage)


def own_card(operator: str, model: ModelInfo) -> CompiledCard | None:
    """The card of this very model: looked up by its id, unless an earlier pattern takes that name."""
    card = BOOK.card_for(provider=operator, model=model.id, organization_id=None, at=LATE)
    return card if card is not None and card.model == model.id else None


def test_most_models_are_compared():
    found = [model for operator, model in ALL_MODELS if own_card(operator, model) is not None]
    assert len(found) > len(ALL_MODELS) * 0.8


@pytest.mark.parametrize("instant", [LATE, LATE.replace(hour=7), dt.datetime(2025, 6, 1, 17, tzinfo=dt.UTC)])
def test_the_card_in_force_is_the_one_the_price_data_would_take(instant: dt.datetime):
    wrong = []
    for operator, model in ALL_MODELS:
        card = BOOK.card_for(provider=operator, model=model.id, organization_id=None, at=instant)
        rate = getattr(model.get_prices(instant), "input_mtok")  # noqa: B009 - a key of the data
        if card is None or card.model != model.id or card.free or rate is None:
            continue
        base = getattr(rate, "base", rate)
        ours = card.standard.brackets[-1].atto[Unit.INPUT]
        if abs(Decimal(ours).scaleb(-12) - base) > Decimal("1e-12"):
            wrong.append((operator, model.id))
    assert [] == wrong
