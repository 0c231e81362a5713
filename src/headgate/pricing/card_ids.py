"""Ids of price cards: readable, and different as soon as a figure differs."""

from hashlib import sha256

import msgspec

from headgate.domain.ids import CardId
from headgate.domain.prices import PriceCard

_encoder = msgspec.json.Encoder(decimal_format="string", order="deterministic")


def identified(card: PriceCard) -> PriceCard:
    """The card with the id that follows from its content: `<provider>/<model>@<date or "always">#<digest>`."""
    blank = msgspec.structs.replace(card, id=CardId(""))
    digest = sha256(_encoder.encode(blank)).hexdigest()[:10]
    since = card.active_from.isoformat() if card.active_from else "always"
    return msgspec.structs.replace(card, id=CardId(f"{card.provider}/{card.model}@{since}#{digest}"))
