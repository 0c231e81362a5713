"""Writes: price cards are added, never edited and never deleted."""

from collections.abc import Sequence

import msgspec
from django.utils import timezone

from headgate.control.pricing.models import PriceCard
from headgate.control.publication.operations import publishing
from headgate.domain import prices
from headgate.pricing.card_ids import identified

ADMIN_SOURCE = "admin"
ADMIN_PRIORITY = 100
_BATCH = 200


def seed_cards(cards: Sequence[prices.PriceCard]) -> int:
    """Bring the seeded cards up to date with a release of the price data and publish; return how many were added.

    Cards that the release no longer has are retired: they stay for the events that name them and are no longer
    published. Nothing is written or published when there is no difference.
    """
    seeded = PriceCard.objects.exclude(source=ADMIN_SOURCE)
    known = dict(seeded.values_list("pk", "retired_at"))
    wanted = {card.id for card in cards}
    added = [_row(card) for card in cards if card.id not in known]
    retired = [pk for pk, retired_at in known.items() if pk not in wanted and retired_at is None]
    revived = [pk for pk, retired_at in known.items() if pk in wanted and retired_at is not None]
    if added or retired or revived:
        with publishing():
            PriceCard.objects.bulk_create(added, batch_size=_BATCH)
            _mark(retired, retired=True)
            _mark(revived, retired=False)
    return len(added)


def add_override(card: prices.PriceCard) -> PriceCard:
    """Add an admin's card and publish it. Its id, source and priority are set here, whatever the argument says.

    Raises:
        IntegrityError: this very card exists.
    """
    row = _row(identified(msgspec.structs.replace(card, source=ADMIN_SOURCE, priority=ADMIN_PRIORITY)))
    with publishing():
        row.save(force_insert=True)
    return row


def _row(card: prices.PriceCard) -> PriceCard:
    return PriceCard(
        id=card.id,
        provider=card.provider,
        model=card.model,
        active_from=card.active_from,
        source=card.source,
        priority=card.priority,
        organization_id=card.organization_id,
        free=card.free,
        payload=msgspec.to_builtins(card),
    )


def _mark(ids: list[str], *, retired: bool) -> None:
    for start in range(0, len(ids), _BATCH):
        rows = PriceCard.objects.filter(pk__in=ids[start : start + _BATCH])
        rows.update(retired_at=timezone.now() if retired else None)
