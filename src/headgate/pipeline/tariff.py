"""What an attempt may cost."""

import msgspec

from headgate.domain.ids import CardId
from headgate.domain.money import NanoUsd
from headgate.pricing.book import CompiledCard

FREE_ENDPOINT = CardId("headgate/free-endpoint")
"""Named by cost events of endpoints that no provider bills."""


class Tariff(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt may cost, decided before it leaves."""

    card: CompiledCard | None
    """None: unpriced, or a free endpoint."""
    hold: NanoUsd | None
    free: bool = False

    @property
    def card_id(self) -> CardId | None:
        """The card that cost events name."""
        if self.free:
            return FREE_ENDPOINT
        return self.card.card_id if self.card else None
