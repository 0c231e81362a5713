"""Writes: a provider that billed more than was held widens the bound of that model from then on.

What is over is booked in full anyway; the widening keeps it from happening again and again. It is not part of the
books: it is observed after they are posted, in a transaction of its own, and one that is lost comes back with the next
overrun.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from headgate.control.pricing.models import Widening
from headgate.control.publication.operations import publishing
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome
from headgate.ledger.postings import CostEventPosting
from headgate.pricing.widening import NOT_WIDENED, factor_of
from headgate.providers.table import PROVIDERS

TAKES_EFFECT = dt.timedelta(seconds=10)
"""After so long every gateway that follows holds by a new factor; what left before may not have known it."""


class _Overrun(NamedTuple):
    event: CostEventPosting
    amount: NanoUsd
    hold: NanoUsd


def observe_overruns(events: Iterable[CostEventPosting], now: dt.datetime | None = None) -> int:
    """Widen the bounds of models that cost more than was held, and publish once; return how many bounds grew.

    Args:
        events: newly inserted ones, after the commit that inserted them.
        now: an aware instant; None: the clock's.
    """
    overruns: dict[tuple[str, str], list[_Overrun]] = {}
    for event in events:
        amount, hold = event.amount_nano, event.hold_nano
        if event.outcome is Outcome.OK and amount is not None and hold is not None and amount > hold > 0:
            overruns.setdefault(_model_of(event), []).append(_Overrun(event, amount, hold))
    if not overruns:
        return 0
    with transaction.atomic():
        # One order for all, so that the ingests of two nodes cannot wait for each other.
        grown = [_grow(*model, overruns[model], now or timezone.now()) for model in sorted(overruns)]
        if any(grown):
            with publishing():
                return sum(grown)
    return 0


def forget_widenings(widenings: Iterable[Widening]) -> None:
    """Hold by the bound itself again, and publish once."""
    with publishing():
        Widening.objects.filter(pk__in=[widening.pk for widening in widenings]).delete()


def _model_of(event: CostEventPosting) -> tuple[str, str]:
    known = PROVIDERS.get(event.provider)
    return known.price_provider if known else event.provider, event.request_model


def _grow(provider: str, model: str, overruns: Sequence[_Overrun], now: dt.datetime) -> bool:
    """Raise the factor of one model to what its worst overrun asks for; whether it grew."""
    row = Widening.objects.select_for_update().filter(provider=provider, model=model).first()
    factor, event_id = max((_wanted(overrun, row), overrun.event.event_id) for overrun in overruns)
    if row is None:
        found = {"factor_ppm": factor, "seen_at": now, "event_id": event_id}
        row, created = Widening.objects.get_or_create(provider=provider, model=model, defaults=found)
        if created:
            return True
    if factor <= row.factor_ppm:
        return False
    row.factor_ppm, row.seen_at, row.event_id = factor, now, event_id
    row.save(update_fields=["factor_ppm", "seen_at", "event_id"])
    return True


def _wanted(overrun: _Overrun, row: Widening | None) -> int:
    # The hold of a request that left after the last widening took effect contained it.
    known = row is not None and overrun.event.occurred_at > (row.seen_at + TAKES_EFFECT).timestamp()
    held_at = row.factor_ppm if row is not None and known else NOT_WIDENED
    return factor_of(overrun.amount, overrun.hold, held_at_ppm=held_at) or NOT_WIDENED
