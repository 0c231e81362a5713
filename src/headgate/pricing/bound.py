"""The most that a request can cost: what is held before it leaves.

Input is bounded by the size of the body plus what the operator adds, and by the context window; by the window alone
where the request refers outside itself. Every input token is taken at the dearest rate that it could have, every output
token likewise. A hold is never below the settlement of a usage within these bounds (`tests/properties`).

The same functions serve a shape that `tight.py` has read more closely, for requests whose first bound does not fit.
"""

from typing import Final, NamedTuple

from headgate.domain.ids import CardId
from headgate.domain.money import AttoUsd, NanoUsd, ceil_to_nano
from headgate.domain.usage import Unit
from headgate.pricing.compiled import TEXT_IN, TEXT_OUT, Bracket, CompiledCard, RateTable, dearest
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shape import shape_of
from headgate.providers.families import made_image_tokens

__all__ = [
    "DearestRates",
    "RequestShape",
    "bounds_of",
    "dearest_rates",
    "input_bound",
    "output_bound",
    "output_limit",
    "shape_of",
    "token_bound",
    "upper_bound",
]

_AUDIO_IN: Final = (Unit.INPUT_AUDIO, Unit.CACHE_READ_AUDIO)
_IMAGE_IN: Final = (Unit.INPUT_IMAGE, Unit.CACHE_READ_IMAGE)
_OTHER_OUT: Final = (Unit.OUTPUT_AUDIO, Unit.OUTPUT_IMAGE)
_NO_CARD: Final = CompiledCard(
    card_id=CardId(""),
    model="",
    free=False,
    context_window=None,
    max_output=None,
    image_tokens=None,
    searches=False,
    standard=RateTable((Bracket(-1, {}),), 0),
    by_service_tier={},
    by_token=True,
    text_rates=None,
)


class DearestRates(NamedTuple):
    """What tokens of a request may cost, atto-USD."""

    input: int
    """Per token."""
    output: int
    """Per token."""
    fees: int
    """Of the whole request: searches, whatever else is no token, and the fee per request."""


def upper_bound(card: CompiledCard, shape: RequestShape) -> NanoUsd | None:
    """The hold of one attempt, rounded up; None where the cost cannot be bounded.

    It cannot where the card lacks a rate that the request may need, or a context window that it may fill.
    """
    if card.free:
        return NanoUsd(0)
    input_tokens, output_tokens = input_bound(card, shape), output_bound(card, shape)
    if input_tokens is None or output_tokens is None:
        return None
    rates = dearest_rates(card, shape, input_tokens)
    if rates is None:
        return None
    input_rate, output_rate, fees = rates
    return ceil_to_nano(AttoUsd(input_tokens * input_rate + output_tokens * output_rate + fees))


def bounds_of(card: CompiledCard | None, shape: RequestShape) -> tuple[int | None, int | None]:
    """The most tokens in, and the most tokens out; None where they are unbounded.

    Without a card nothing is known of the model, and only what the request itself says bounds it.
    """
    known = _NO_CARD if card is None else card
    return input_bound(known, shape), output_bound(known, shape)


def token_bound(card: CompiledCard | None, shape: RequestShape) -> int | None:
    """The most tokens of one attempt, in and out, for budgets and limits that count them; None: unbounded."""
    input_tokens, output_tokens = bounds_of(card, shape)
    return None if input_tokens is None or output_tokens is None else input_tokens + output_tokens


def input_bound(card: CompiledCard, shape: RequestShape) -> int | None:
    """The most input tokens; None where they cannot be bounded."""
    if shape.counted and not card.by_token:
        return 0
    window = card.context_window
    per_image = card.image_tokens if shape.images else 0
    if shape.refers_outside or per_image is None or card.searches:
        return window
    tokens = shape.body_bytes + shape.surcharge_tokens + shape.images * per_image
    return tokens if window is None or tokens < window else window


def output_bound(card: CompiledCard, shape: RequestShape) -> int | None:
    """The most output tokens over all choices; None where they cannot be bounded."""
    if not shape.output or (shape.counted and not card.by_token):
        return 0
    limit = output_limit(card, shape)
    return None if limit is None else limit * shape.choices + shape.predicted_tokens


def output_limit(card: CompiledCard, shape: RequestShape) -> int | None:
    """The most output tokens of one choice: the caller's limit, at most the model's; None where there is neither."""
    limit = shape.max_output_tokens
    if limit is None and shape.tier is not None:
        limit = made_image_tokens(card.model, shape.tier)
    longest = card.max_output if card.max_output is not None else card.context_window
    return longest if limit is None or (longest is not None and longest < limit) else limit


def dearest_rates(card: CompiledCard, shape: RequestShape, input_tokens: int) -> DearestRates | None:
    """The dearest rates that so large a request can meet; None where one that it may need is missing."""
    if card.text_rates is not None and shape.plain:
        return DearestRates(*card.text_rates, card.standard.request_fee)
    tables = _tables(card, shape)
    fee = max([table.request_fee for table in tables])
    counted = _counted(tables, shape, input_tokens)
    if shape.counted and not card.by_token:
        return None if counted is None else DearestRates(0, 0, counted + fee)
    input_rate = dearest(tables, _input_units(shape), input_tokens)
    output_rate = dearest(tables, _output_units(shape), input_tokens) if shape.output else 0
    fees = _fees(tables, shape, input_tokens)
    if input_rate is None or output_rate is None or fees is None:
        return None
    return DearestRates(input_rate, output_rate, fees + (counted or 0))


def _counted(tables: list[RateTable], shape: RequestShape, input_tokens: int) -> int | None:
    """What is counted in units of its own, atto-USD; None where the card has a rate for none of it."""
    rates = [(quantity, dearest(tables, (unit,), input_tokens)) for unit, quantity in shape.counted]
    priced = [quantity * rate for quantity, rate in rates if rate is not None]
    return sum(priced) if priced else None


def _fees(tables: list[RateTable], shape: RequestShape, input_tokens: int) -> int | None:
    """What the request and the operator's tools are billed at most, atto-USD; None where a rate is missing."""
    fees = max([table.request_fee for table in tables])
    for unit, most in ((Unit.WEB_SEARCH, shape.searches), *shape.fees):
        rate = dearest(tables, (unit,), input_tokens) if most else 0
        if rate is None:
            return None
        fees += most * rate
    return fees


def _tables(card: CompiledCard, shape: RequestShape) -> list[RateTable]:
    if shape.tier is not None and shape.tier in card.by_service_tier:
        return [card.by_service_tier[shape.tier]]
    chosen = [card.by_service_tier[tier] for tier in shape.service_tiers if tier in card.by_service_tier]
    return [card.standard, *chosen]


def _input_units(shape: RequestShape) -> tuple[Unit, ...]:
    units = TEXT_IN
    if shape.audio:
        units += _AUDIO_IN
    if shape.images:
        units += _IMAGE_IN
    if shape.long_cache:
        units += (Unit.CACHE_WRITE_1H,)
    return units


def _output_units(shape: RequestShape) -> tuple[Unit, ...]:
    return TEXT_OUT + _OTHER_OUT if shape.modalities else TEXT_OUT
