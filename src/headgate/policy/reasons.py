"""Why a policy objects: a sentence that names it, and one with the remedy."""

from collections.abc import Sequence
from typing import Final

from headgate.domain.money import NanoUsd, nano_to_usd

_NAMED: Final = 5
"""So many entries of a list are written out."""


def blocked_model(policy: str, model: str) -> str:
    """The model is on the list of blocked ones."""
    return f'Model {model} is blocked by policy "{policy}". Choose another model.'


def other_model(policy: str, model: str, allowed: Sequence[str]) -> str:
    """The model is not on the list of allowed ones."""
    return f'Model {model} is not allowed by policy "{policy}". It allows {some(allowed)}.'


def other_provider(policy: str, provider: str, allowed: Sequence[str]) -> str:
    """The operator is not on the list of allowed ones."""
    return f'Provider {provider} is not allowed by policy "{policy}". Choose a model of {some(allowed)}.'


def task(policy: str, given: str | None, allowed: Sequence[str]) -> str:
    """The task is missing, or not on the list of allowed ones."""
    remedy = f"Send x-headgate-task: {some(allowed)}."
    if not given:
        return f'A request without a task is blocked by policy "{policy}". {remedy}'
    return f'Task {given} is not allowed by policy "{policy}". {remedy}'


def attribution(policy: str, field: str) -> str:
    """Nobody knows whom the request is charged to."""
    return (
        f'A request without its {field} is blocked by policy "{policy}". '
        f"Send x-headgate-{field}, or have the key given a default {field}."
    )


def tokens(policy: str, most: int, input_bound: int | None, output_bound: int | None) -> str:
    """The request may take more tokens than it may; None: cannot be bounded."""
    allows = f"It allows {most:,} tokens of input and output together"
    if output_bound is None:
        return f'A request without a bound on its output is blocked by policy "{policy}". {allows}: set max_tokens.'
    if input_bound is None:
        return (
            f'A request without a bound on its input is blocked by policy "{policy}". {allows}: '
            "send images and files inside the body, and set max_tokens."
        )
    return (
        f"A request of up to {input_bound + output_bound:,} tokens ({input_bound:,} in, {output_bound:,} out) "
        f'is blocked by policy "{policy}". {allows}: shorten the input or lower max_tokens.'
    )


def cost(policy: str, dearest: NanoUsd, hold: NanoUsd | None) -> str:
    """The request may cost more than it may; None: cannot be bounded."""
    allows = f"It allows {_usd(dearest)}"
    if hold is None:
        return (
            f'A request whose cost cannot be bounded is blocked by policy "{policy}". {allows}: '
            "set max_tokens, or ask an admin for a price card with a context window."
        )
    return (
        f'A request that may cost {_usd(hold)} is blocked by policy "{policy}". {allows}: '
        "shorten the input, lower max_tokens or choose a cheaper model."
    )


def some(entries: Sequence[str]) -> str:
    """The first entries, and how many more there are."""
    named = ", ".join(entries[:_NAMED])
    rest = len(entries) - _NAMED
    return f"{named} and {rest} more" if rest > 0 else named


def _usd(amount: NanoUsd) -> str:
    whole, _, decimals = f"{nano_to_usd(amount):f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')} USD"
