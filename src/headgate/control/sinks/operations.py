"""Writes: what a sink is to be told is queued with the books, and leaves the queue when it was told."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final

from django.db import connection, transaction

from headgate.control.ledger.inserts import insert_once
from headgate.control.sinks.models import Delivery, SinkState
from headgate.ledger.postings import DeliveryPosting

MAX_ERROR_CHARS: Final = 1000


def enqueue(deliveries: Sequence[DeliveryPosting], request_ids: Collection[str]) -> None:
    """Queue what is to be told of requests that were posted in this transaction; of others it was queued before.

    Must be called inside a transaction.
    """
    fresh = {(each.sink, each.request_id): each for each in deliveries if each.request_id in request_ids}
    insert_once(Delivery, DeliveryPosting, list(fresh.values()))


def told(ids: Sequence[int]) -> None:
    """Take what a sink was told from its queue."""
    with transaction.atomic(), connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(ids))
        cursor.execute(f"DELETE FROM headgate_delivery WHERE id IN ({marks})", list(ids))  # noqa: S608 - only marks


def refuse(delivery_id: int, reason: str) -> None:
    """Set aside what a sink will never take: it is kept, and holds nothing up."""
    Delivery.objects.filter(pk=delivery_id).update(refusal=reason[:MAX_ERROR_CHARS])


def note(sink: str, at: dt.datetime, error: str | None, address: str | None = None) -> None:
    """Say how a sink is doing. `error` None: it answered, and shows what it is told at `address`, if it said where."""
    seen: dict[str, object] = {"tried_at": at, "error": None if error is None else error[:MAX_ERROR_CHARS]}
    if error is None:
        seen |= {"answered_at": at, "address": address}
    SinkState.objects.update_or_create(sink=sink, defaults=seen)
