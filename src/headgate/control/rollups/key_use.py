"""Reads: what virtual keys were used for."""

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Max, Sum

from headgate.control.rollups.models import SpendDay
from headgate.control.rollups.queries import Span
from headgate.domain.money import NanoUsd


class KeyUse(NamedTuple):
    """What was done with a key in a span."""

    requests: int
    amount_nano: NanoUsd
    last_day: dt.date
    """UTC."""


def use_of_keys(organization_id: str, keys: Iterable[str], span: Span) -> dict[str, KeyUse]:
    """Return the use of those keys of an organization that were used at all."""
    rows = SpendDay.objects.filter(
        organization_id=organization_id, day__gte=span.since, day__lt=span.until, key_id__in=list(keys)
    )
    found = rows.order_by().values("key_id").annotate(
        count=Sum("requests"), amount=Sum("amount_nano"), last=Max("day")
    )  # fmt: skip
    return {
        str(row["key_id"]): KeyUse(int(row["count"]), NanoUsd(int(row["amount"])), row["last"])
        for row in found
    }  # fmt: skip
