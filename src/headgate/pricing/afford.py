"""How much output a budget's room pays for: what `max_tokens` is lowered to where a budget clamps."""

from typing import Final

from headgate.domain.money import ATTO_PER_NANO, NanoUsd
from headgate.pricing.bound import dearest_rates, input_bound, output_limit
from headgate.pricing.compiled import CompiledCard
from headgate.pricing.request_shape import RequestShape

MIN_CLAMPED: Final = 16
"""Tokens: a shorter answer helps nobody, so the request is refused instead."""
LONGEST_UNKNOWN: Final = 4_096
"""Tokens: a clamp where neither the caller nor the card says how long an answer may be goes no higher, however much
money there is: most models refuse a limit beyond their own longest output."""


def affordable_output(
    card: CompiledCard | None, shape: RequestShape, *, room: NanoUsd | None, tokens_room: int | None
) -> int | None:
    """The largest `max_tokens`, per choice, whose bound fits; never above what the caller or the model allows.

    With it as the shape's limit, `upper_bound` is at most `room` and `token_bound` at most `tokens_room`.

    Args:
        card: what the model costs; None: unpriced, which no room of money pays for.
        shape: best from `tightened`.
        room: nano-USD left in the tightest money window, `narrowed` where the bound is widened; None: no money window
            in scope.
        tokens_room: tokens left in the tightest window or policy that counts them; None: none does.

    Returns:
        None where not even `MIN_CLAMPED` tokens fit, where the input is unbounded, and where there is no output.
    """
    if card is None or not shape.output:
        return None
    input_tokens = input_bound(card, shape)
    if input_tokens is None:
        return None
    limit = output_limit(card, shape)
    most = LONGEST_UNKNOWN if limit is None else limit
    if tokens_room is not None:
        most = min(most, (tokens_room - input_tokens - shape.predicted_tokens) // shape.choices)
    if room is not None and not card.free:
        paid = _paid_output(card, shape, input_tokens, room, most)
        most = -1 if paid is None else min(most, paid)
    return most if most >= MIN_CLAMPED else None


def _paid_output(card: CompiledCard, shape: RequestShape, input_tokens: int, room: NanoUsd, most: int) -> int | None:
    rates = dearest_rates(card, shape, input_tokens)
    if rates is None:
        return None
    spare = room * ATTO_PER_NANO - input_tokens * rates.input - shape.predicted_tokens * rates.output - rates.fees
    if spare < 0:
        return None
    return spare // (rates.output * shape.choices) if rates.output else most
