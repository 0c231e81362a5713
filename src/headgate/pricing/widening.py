"""Bounds that grow with what was seen: a provider that billed more than the bound widens it for that model."""

from collections.abc import Iterable
from typing import Final

from headgate.domain.money import NanoUsd
from headgate.snapshot.contract import Widening

NOT_WIDENED: Final = 1_000_000
"""Millionths: the bound as it is."""
LARGEST_FACTOR_PPM: Final = 10_000_000
"""Ten times. What a provider bills past that is no matter of a loose bound but of a wrong card, or of a request that
refers outside itself unseen: to widen further would refuse the model's honest requests for one odd one."""
_STEP_PPM: Final = 10_000
"""Factors are whole percents, so that equal overruns are one publication."""


def widened(hold: NanoUsd, factor_ppm: int) -> NanoUsd:
    """A hold times a factor in millionths, rounded up."""
    return NanoUsd(-(-hold * factor_ppm // NOT_WIDENED))


def narrowed(room: NanoUsd, factor_ppm: int) -> NanoUsd:
    """The largest hold that fits a room once it is widened."""
    return NanoUsd(room * NOT_WIDENED // factor_ppm)


def factor_of(amount: NanoUsd, hold: NanoUsd, *, held_at_ppm: int = NOT_WIDENED) -> int | None:
    """The factor with which the bound would have covered what was billed, rounded up to a whole percent, capped.

    Args:
        amount: what was billed.
        hold: what was held.
        held_at_ppm: the factor that was in that hold already.

    Returns:
        None where the hold covered it, and where nothing was held, which no factor widens.
    """
    if amount <= hold or hold == 0:
        return None
    exact = amount * held_at_ppm
    return min(-(-exact // (hold * _STEP_PPM)) * _STEP_PPM, LARGEST_FACTOR_PPM)


class WideningTable:
    """Factors by operator and model. Built once per snapshot."""

    def __init__(self, widenings: Iterable[Widening]) -> None:
        self._factors = {(widening.provider, widening.model): widening.factor_ppm for widening in widenings}

    def factor(self, provider: str, model: str) -> int:
        """Millionths that a hold is multiplied by.

        Args:
            provider: `Provider.price_provider`.
            model: as sent upstream.
        """
        return self._factors.get((provider, model), NOT_WIDENED)

    def widened(self, provider: str, model: str, hold: NanoUsd) -> NanoUsd:
        """The hold of a request to this model."""
        factor = self._factors.get((provider, model))
        return hold if factor is None else widened(hold, factor)
