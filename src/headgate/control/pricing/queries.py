"""Reads: price cards as the data plane knows them."""

import msgspec

from headgate.control.pricing.models import PriceCard
from headgate.domain import prices


def card_of(row: PriceCard) -> prices.PriceCard:
    """Return the row's price card."""
    return msgspec.convert(row.payload, prices.PriceCard)


def published_cards() -> tuple[prices.PriceCard, ...]:
    """Return every card in force or still to come, in a stable order."""
    return tuple(card_of(row) for row in PriceCard.objects.filter(retired_at=None).only("payload").order_by("pk"))
