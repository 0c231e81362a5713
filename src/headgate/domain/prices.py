"""Price cards: dated, immutable rates of one model at one provider."""

import datetime as dt
from decimal import Decimal

import msgspec

from headgate.domain.ids import CardId
from headgate.domain.usage import Unit


class Tier(msgspec.Struct, frozen=True):
    """A dearer or cheaper rate once the whole input passes a size. Applies to all tokens, not to the excess."""

    above: int
    """Applies when the total input tokens are greater than this."""
    price: Decimal


class Rate(msgspec.Struct, frozen=True):
    """Price of one unit."""

    price: Decimal
    """USD per million units (also for searches and requests: per million, so that every unit is alike)."""
    tiers: tuple[Tier, ...] = ()
    """Ascending by `above`."""


class Match(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which model names a card is for; all names are compared in lower case. Exactly one field is set."""

    equals: str | None = None
    starts_with: str | None = None
    ends_with: str | None = None
    contains: str | None = None
    regex: str | None = None
    any_of: "tuple[Match, ...] | None" = None
    all_of: "tuple[Match, ...] | None" = None


class Variant(msgspec.Struct, frozen=True):
    """Rates that replace the card's own when the provider reports a service tier (`flex`, `priority`, `batch`)."""

    service_tier: str
    rates: dict[Unit, Rate]
    active_from: dt.date | None = None


class PriceCard(msgspec.Struct, frozen=True, kw_only=True):
    """All rates of one model at one provider from a date on. Never edited: a change is a new, later card."""

    id: CardId
    provider: str
    """Operator name as in `providers/`."""
    model: str
    match: Match
    rates: dict[Unit, Rate]
    """An absent unit falls back as `pricing/rates.py` says; one that falls back to nothing is unpriced, never 0."""
    variants: tuple[Variant, ...] = ()
    active_from: dt.date | None = None
    """First UTC day, or None for "always"."""
    daily_from: dt.time | None = None
    """UTC time of day from which the card applies, for off-peak prices; both or neither of the pair are set."""
    daily_to: dt.time | None = None
    context_window: int | None = None
    """Largest input in tokens, if known."""
    max_output: int | None = None
    """Largest output in tokens, if known."""
    free: bool = False
    """Explicitly free: cost 0 is meant, not missing."""
    source: str
    """Where the figures are from: `genai-prices <version>`, `headgate`, or `admin`."""
    priority: int = 0
    """Among cards that match, the higher wins, then the later `active_from`; admin overrides are 100."""
    organization_id: str | None = None
    """Set for an organisation's own override."""
