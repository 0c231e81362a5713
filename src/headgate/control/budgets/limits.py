"""A limit as people write it, as the integers that windows hold. Exact, and rounded down once."""

from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import NamedTuple

from django.core.exceptions import ValidationError

from headgate.domain.budget import BudgetUnit
from headgate.domain.money import NANO_PER_USD

LARGEST = 2**62
"""Half of what a BIGINT holds, so that a limit and a hold together still fit: 4.6 billion USD."""
MAX_DIGITS = 15
"""SQLite keeps a decimal exactly up to so many digits."""
MAX_DECIMALS = 9
MAX_MAGNITUDE = 20
"""Powers of ten; `1e999999999` must not even be multiplied out."""


class Limits(NamedTuple):
    """In the window's unit: nano-USD, tokens or requests."""

    limit: int
    hard: int
    """What critical tasks may go to."""


def limits(unit: str, limit: Decimal, *, usd_rate: Decimal, multiplier: Decimal = Decimal(1)) -> Limits:
    """Return a limit and its hard limit.

    Args:
        unit: what is counted.
        limit: in the currency, for money; else whole tokens or requests.
        usd_rate: USD per unit of the currency.
        multiplier: hard limit over limit; 1 for a hard budget.
    """
    exact = Fraction(limit) * (Fraction(usd_rate) * NANO_PER_USD if unit == BudgetUnit.MONEY else 1)
    whole = floor(exact)
    return Limits(whole, floor(whole * Fraction(multiplier)))


def checked_limit(unit: str, limit: Decimal, *, usd_rate: Decimal, multiplier: Decimal = Decimal(1)) -> Limits:
    """As `limits`, for what somebody has just written.

    Raises:
        ValidationError: it is no limit, or not one that can be kept exactly; names the field and the remedy.
    """
    if reason := _objection(unit, limit):
        raise ValidationError({"limit": reason})
    found = limits(unit, limit, usd_rate=usd_rate, multiplier=multiplier)
    if found.hard > LARGEST:
        largest = LARGEST // NANO_PER_USD if unit == BudgetUnit.MONEY else LARGEST
        what = "USD" if unit == BudgetUnit.MONEY else unit
        raise ValidationError({"limit": f"Too large: at most {largest:,} {what}, soft multiplier included."})
    return found


def _objection(unit: str, limit: Decimal) -> str | None:
    if not limit.is_finite():
        return "Give a number."
    if limit < 0:
        return "Give 0 or more. 0 refuses everything that is not free."
    if limit and limit.adjusted() > MAX_MAGNITUDE:
        return "Too large."
    if unit != BudgetUnit.MONEY and limit != limit.to_integral_value():
        return f"Give a whole number of {unit}."
    digits = limit.normalize().as_tuple()
    if -int(digits.exponent) > MAX_DECIMALS:
        return f"Give at most {MAX_DECIMALS} decimals."
    if len(digits.digits) > MAX_DIGITS:
        return f"Give at most {MAX_DIGITS} digits."
    return None
