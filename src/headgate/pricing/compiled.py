"""Price cards compiled for arithmetic: integer atto-USD per unit, stand-ins resolved, tiers laid out as brackets."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from headgate.domain.ids import CardId
from headgate.domain.prices import PriceCard, Rate
from headgate.domain.usage import Unit
from headgate.pricing.rates import complete_rates
from headgate.providers.families import family_of, searches_by_itself, window_of

_ATTO_PER_USD_PER_MILLION: Final = 12
"""USD per million units, times 10 to this power, is atto-USD per unit."""


TEXT_IN: Final = (Unit.INPUT, Unit.CACHE_READ, Unit.CACHE_WRITE)
TEXT_OUT: Final = (Unit.OUTPUT, Unit.OUTPUT_REASONING, Unit.OUTPUT_CITATION)
"""Units that a plain text request can fill."""


class Bracket(msgspec.Struct, frozen=True):
    """Rates that apply once the whole input is larger than `above`."""

    above: int
    """Tokens; -1 in the first bracket, which always applies."""
    atto: dict[Unit, int]
    """Atto-USD per unit; a unit that is absent is unpriced."""


class RateTable(msgspec.Struct, frozen=True):
    """All rates of one card at one service tier."""

    brackets: tuple[Bracket, ...]
    """Descending by `above`; the last one always applies."""
    request_fee: int
    """Atto-USD per billed request."""


class CompiledCard(msgspec.Struct, frozen=True, kw_only=True):
    """One price card on one day."""

    card_id: CardId
    model: str
    free: bool
    context_window: int | None
    """The card's own, else the largest of the model's family."""
    max_output: int | None
    image_tokens: int | None
    """The most that one image can cost in input tokens, if known."""
    searches: bool
    """The model reads pages that the request does not contain, without being told to."""
    standard: RateTable
    by_service_tier: dict[str, RateTable]
    by_token: bool
    """It bills tokens; otherwise only what is counted in units of its own."""
    text_rates: tuple[int, int] | None
    """Dearest rates of text in and out, atto-USD per token, at the standard tier; None where it takes a closer look:
    rates that depend on the size of the input, or that are missing."""


def compile_card(card: PriceCard, on: date | None = None) -> CompiledCard:
    """Compile a card as it stands on a UTC day (None: with all its variants).

    Raises:
        ValueError: a rate has more than twelve decimals, or is negative.
    """
    by_tier = {
        variant.service_tier: _table({**card.rates, **variant.rates}, free=card.free)
        for variant in reversed(card.variants)
        if variant.active_from is None or on is None or variant.active_from <= on
    }
    standard = _table(card.rates, free=card.free)
    return CompiledCard(
        card_id=card.id,
        model=card.model,
        free=card.free,
        context_window=window_of(card.model) if card.context_window is None else card.context_window,
        max_output=card.max_output,
        image_tokens=family_of(card.model).image_tokens,
        searches=searches_by_itself(card.model),
        standard=standard,
        by_service_tier=by_tier,
        by_token=Unit.INPUT in standard.brackets[-1].atto,
        text_rates=_text_rates(standard),
    )


def _text_rates(table: RateTable) -> tuple[int, int] | None:
    if len(table.brackets) > 1:
        return None
    text_in, text_out = dearest((table,), TEXT_IN, None), dearest((table,), TEXT_OUT, None)
    return None if text_in is None or text_out is None else (text_in, text_out)


def _table(rates: Mapping[Unit, Rate], *, free: bool) -> RateTable:
    complete = complete_rates(rates)
    if free:
        complete = {unit: complete.get(unit, Rate(Decimal(0))) for unit in Unit}
    thresholds = {tier.above for rate in complete.values() for tier in rate.tiers}
    brackets = tuple(
        Bracket(above, {unit: _atto(_price_at(rate, above)) for unit, rate in complete.items()})
        for above in sorted({-1, *thresholds}, reverse=True)
    )
    return RateTable(brackets, brackets[-1].atto.get(Unit.REQUEST, 0))


def _price_at(rate: Rate, above: int) -> Decimal:
    price = rate.price
    for tier in rate.tiers:
        if tier.above <= above:
            price = tier.price
    return price


def _atto(price: Decimal) -> int:
    scaled = price.scaleb(_ATTO_PER_USD_PER_MILLION)
    if scaled < 0 or scaled != scaled.to_integral_value():
        raise ValueError(f"{price} USD per million is negative or has more than twelve decimals")
    return int(scaled)


def dearest(tables: Iterable[RateTable], units: Iterable[Unit], input_tokens: int | None) -> int | None:
    """The highest rate, atto-USD per unit, among `units` in every bracket that this many input tokens can reach.

    Returns None when one of the units has no rate. `input_tokens` None: any number, all brackets.
    """
    wanted = tuple(units)
    highest = 0
    for table in tables:
        for bracket in table.brackets:
            if input_tokens is not None and bracket.above >= input_tokens:
                continue
            for unit in wanted:
                rate = bracket.atto.get(unit)
                if rate is None:
                    return None
                highest = max(highest, rate)
    return highest
