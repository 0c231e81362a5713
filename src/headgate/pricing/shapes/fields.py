"""Single fields of a body, as far as its cost depends on them."""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.formats import Format
from headgate.providers.provider import Provider, UsageQuirk

_TIER_FIELDS: Final = frozenset({"service_tier", "speed", "inference_geo"})
_NOTHING: Final = (b"null", b"false", b"[]", b"{}", b'""')
_integer_decoder: Final = msgspec.json.Decoder(int | None)


def is_given(fields: Mapping[str, msgspec.Raw], name: str) -> bool:
    """Whether a field says anything."""
    return name in fields and bytes(fields[name]) not in _NOTHING


def any_given(fields: Mapping[str, msgspec.Raw], names: frozenset[str]) -> bool:
    """Whether one of these fields says anything."""
    return not names.isdisjoint(fields) and any(is_given(fields, name) for name in names)


def integer(fields: Mapping[str, msgspec.Raw], name: str) -> int | None:
    """A count; None for anything else."""
    raw = fields.get(name)
    if raw is None:
        return None
    try:
        value = _integer_decoder.decode(raw)
    except msgspec.DecodeError:
        return None
    return value if value is not None and value >= 0 else None


def service_tiers(format: Format, fields: Mapping[str, msgspec.Raw], provider: Provider) -> tuple[str, ...]:  # noqa: A002 - the noun of the domain
    """Tiers beside the standard one that the request may be billed at."""
    if UsageQuirk.SEARCH_TOKENS_APART in provider.usage_quirks:
        return ("search-low", "search-medium", "search-high")
    # A workspace at Anthropic may have the United States as its default, which no request shows.
    tiers = ["us"] if format is Format.ANTHROPIC_MESSAGES and "inference_geo" not in fields else []
    if _TIER_FIELDS.isdisjoint(fields):
        return tuple(tiers)
    for name in _TIER_FIELDS:
        if is_given(fields, name):
            tier = bytes(fields[name]).strip(b'"').decode("utf-8", "replace")
            tiers.extend(("priority", "fast") if tier == "auto" and name == "service_tier" else (tier,))
    return tuple(tiers)
