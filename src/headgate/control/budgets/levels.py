"""How near its limit something is: bars, badges, filters and answers share the boundaries."""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

WARNING_PERCENT = 80


class Level(StrEnum):
    """How near its limit a budget, or a user, is."""

    OK = "ok"
    WARNING = "warning"
    """From 80 % spent and held."""
    EXCEEDED = "exceeded"
    """Nothing is left, or a budget refused the newest request."""


def level_of(used: Iterable[tuple[int, int]], *, refused: bool) -> Level:
    """Return the level of what counts towards several limits.

    Args:
        used: what is spent and held, and the limit, each; of a limit of 0 everything is all of it.
        refused: nothing more is admitted, however much is left.
    """
    pairs = list(used)
    if refused or any(amount >= limit for amount, limit in pairs):
        return Level.EXCEEDED
    nearly = any(100 * amount >= WARNING_PERCENT * limit for amount, limit in pairs)
    return Level.WARNING if nearly else Level.OK


def level_at(percent: Decimal | int) -> Level:
    """Return the level of what is used, in per cent of a limit."""
    if percent >= 100:
        return Level.EXCEEDED
    return Level.WARNING if percent >= WARNING_PERCENT else Level.OK
