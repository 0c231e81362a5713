"""Money: integers of nano-USD outside, exact rationals inside, one rounding.

Prices are quoted as `Decimal` USD per million units. They are compiled once into integers of atto-USD (1e-18 USD)
per unit, so that pricing a request is integer arithmetic, and rounded once per cost event, half to even.
"""

from decimal import Decimal
from typing import NewType

NanoUsd = NewType("NanoUsd", int)
"""Integer 1e-9 USD."""

AttoUsd = NewType("AttoUsd", int)
"""Integer 1e-18 USD. Never stored: the unrounded amount inside one computation."""

LARGEST_NANO = NanoUsd(2**63 - 1)
"""What a BIGINT holds; a larger amount could never be posted."""

NANO_PER_USD = 1_000_000_000
ATTO_PER_NANO = 1_000_000_000


def round_to_nano(amount: AttoUsd) -> NanoUsd:
    """Round half to even, the only rounding in the system."""
    quotient, remainder = divmod(amount, ATTO_PER_NANO)
    twice = remainder * 2
    if twice > ATTO_PER_NANO or (twice == ATTO_PER_NANO and quotient % 2):
        quotient += 1
    return NanoUsd(quotient)


def ceil_to_nano(amount: AttoUsd) -> NanoUsd:
    """Round up: what a hold needs, so that it is never below the settlement."""
    return NanoUsd(-(-amount // ATTO_PER_NANO))


def nano_to_usd(amount: NanoUsd) -> Decimal:
    """Exact USD, for pages and JSON (always written as a decimal literal, never through a float)."""
    return Decimal(amount).scaleb(-9)


def usd_to_nano(amount: Decimal) -> NanoUsd:
    """Exact nano-USD.

    Raises:
        ValueError: if the amount has more than nine decimals.
    """
    scaled = amount.scaleb(9)
    if scaled != scaled.to_integral_value():
        message = f"{amount} USD has more than nine decimals"
        raise ValueError(message)
    return NanoUsd(int(scaled))
