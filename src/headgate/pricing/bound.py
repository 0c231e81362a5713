"""The most that a request can cost: what is held before it leaves.

Input is bounded by the size of the body plus what the operator adds, and by the context window; by the window alone
where the request refers outside itself. Every input token is taken at the dearest rate that it could have, every output
token likewise. A hold is never below the settlement of a usage within these bounds (`tests/properties`).
"""

from typing import Final

from headgate.domain.money import AttoUsd, NanoUsd, ceil_to_nano
from headgate.domain.usage import Unit
from headgate.pricing.compiled import TEXT_IN, TEXT_OUT, CompiledCard, RateTable, dearest
from headgate.pricing.shape import RequestShape, shape_of

__all__ = ["RequestShape", "input_bound", "output_bound", "shape_of", "upper_bound"]

_AUDIO_IN: Final = (Unit.INPUT_AUDIO, Unit.CACHE_READ_AUDIO)
_IMAGE_IN: Final = (Unit.INPUT_IMAGE, Unit.CACHE_READ_IMAGE)
_OTHER_OUT: Final = (Unit.OUTPUT_AUDIO, Unit.OUTPUT_IMAGE)


def upper_bound(card: CompiledCard, shape: RequestShape) -> NanoUsd | None:
    """The hold of one attempt, rounded up; None where the cost cannot be bounded.

    It cannot where the card lacks a rate that the request may need, or a context window that it may fill.
    """
    if card.free:
        return NanoUsd(0)
    input_tokens, output_tokens = input_bound(card, shape), output_bound(card, shape)
    if input_tokens is None or output_tokens is None:
        return None
    if card.text_rates is not None and shape.plain:
        text_in, text_out = card.text_rates
        plain = input_tokens * text_in + output_tokens * text_out + card.standard.request_fee
        return ceil_to_nano(AttoUsd(plain))
    tables = _tables(card, shape)
    input_rate = dearest(tables, _input_units(shape), input_tokens)
    output_rate = dearest(tables, _output_units(shape), input_tokens) if shape.output else 0
    search_rate = dearest(tables, (Unit.WEB_SEARCH,), input_tokens) if shape.searches else 0
    if input_rate is None or output_rate is None or search_rate is None:
        return None
    fee = max([table.request_fee for table in tables])
    total = input_tokens * input_rate + output_tokens * output_rate + shape.searches * search_rate + fee
    return ceil_to_nano(AttoUsd(total))


def input_bound(card: CompiledCard, shape: RequestShape) -> int | None:
    """The most input tokens; None where they cannot be bounded."""
    window = card.context_window
    per_image = card.image_tokens if shape.images else 0
    if shape.refers_outside or per_image is None or card.searches:
        return window
    tokens = shape.body_bytes + shape.surcharge_tokens + shape.images * per_image
    return tokens if window is None else min(tokens, window)


def output_bound(card: CompiledCard, shape: RequestShape) -> int | None:
    """The most output tokens over all choices; None where they cannot be bounded."""
    if not shape.output:
        return 0
    longest = card.max_output if card.max_output is not None else card.context_window
    limits = [limit for limit in (shape.max_output_tokens, longest) if limit is not None]
    return min(limits) * shape.choices + shape.predicted_tokens if limits else None


def _tables(card: CompiledCard, shape: RequestShape) -> list[RateTable]:
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
