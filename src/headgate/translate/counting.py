"""Reads figures of usage objects: counts that cannot be read are found out, never taken for zero."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, cast

import msgspec

from headgate.domain.usage import Unit

LARGEST_COUNT: Final = 10**12
"""A larger count is not believed: it would make the amount overflow a BIGINT, and no model reads a trillion tokens."""

NOTHING: Final[Mapping[str, object]] = {}


_figure: Final = msgspec.json.Decoder(float_hook=Decimal)


class UnreadableError(Exception):
    """A total is present but is not a count."""


def put(buckets: dict[Unit, int], unit: Unit, quantity: int) -> None:
    """Add to a bucket; what is not positive leaves it as it is."""
    if quantity > 0:
        buckets[unit] = buckets.get(unit, 0) + quantity


def member(holder: Mapping[str, object], name: str) -> Mapping[str, object]:
    """An object inside an object; an empty one for anything else."""
    value = holder.get(name)
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else NOTHING


def count(holder: Mapping[str, object], name: str) -> int:
    """A part: what cannot be read counts as nothing, because the whole still holds it."""
    value = holder.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return 0
    return int(value) if 0 < value <= LARGEST_COUNT and value % 1 == 0 else 0


def whole(holder: Mapping[str, object], name: str) -> int:
    """A whole: 0 where it is absent.

    Raises:
        UnreadableError: it is there, but is no count: the usage as a whole is unknown.
    """
    value = holder.get(name)
    if value is None or value == 0:
        return 0
    found = count(holder, name)
    if not found:
        raise UnreadableError
    return found


def figure(raw: msgspec.Raw) -> object:
    """A raw figure, exact; None where there is none, and something that is no count where it cannot be read."""
    try:
        return _figure.decode(raw)
    except (msgspec.DecodeError, ArithmeticError):
        return "" if bytes(raw) else None
