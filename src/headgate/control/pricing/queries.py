"""Reads: price cards and widened bounds as the data plane knows them."""

import msgspec

from headgate.control.pricing.models import PriceCard, Widening
from headgate.domain import prices
from headgate.snapshot import contract


def card_of(row: PriceCard) -> prices.PriceCard:
    """Return the row's price card."""
    return msgspec.convert(row.payload, prices.PriceCard)


def published_cards() -> tuple[prices.PriceCard, ...]:
    """Return every card in force or still to come, in a stable order."""
    return tuple(card_of(row) for row in PriceCard.objects.filter(retired_at=None).only("payload").order_by("pk"))


def published_widenings() -> tuple[contract.Widening, ...]:
    """Return every widened bound, in a stable order."""
    rows = Widening.objects.order_by("provider", "model").values_list("provider", "model", "factor_ppm")
    return tuple(contract.Widening(*row) for row in rows)
