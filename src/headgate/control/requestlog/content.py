"""The text of requests and answers: read whole, and deleted when its time is over."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from typing import Final, NamedTuple

from django.db import connection, transaction

from headgate.control.requestlog.models import Content
from headgate.ledger.records import Side

BATCH: Final = 1000
"""Rows per transaction, at most 8 KiB each; others want to write between two batches."""


class Texts(NamedTuple):
    """What was asked and answered; None: it was not kept."""

    request: str | None
    answer: str | None


NOTHING: Final = Texts(None, None)


def texts_of(request_ids: Collection[str]) -> dict[str, Texts]:
    """Return the texts of requests; those without any are left out."""
    pieces: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    found = Content.objects.filter(request_id__in=request_ids).order_by("request_id", "side", "number")
    for request_id, side, text in found.values_list("request_id", "side", "text"):
        pieces[request_id][side].append(text)
    return {
        request_id: Texts(
            "".join(sides[Side.REQUEST]) if Side.REQUEST in sides else None,
            "".join(sides[Side.ANSWER]) if Side.ANSWER in sides else None,
        )
        for request_id, sides in pieces.items()
    }


def delete_before(moment: dt.datetime, *, batch: int = BATCH) -> int:
    """Delete all texts of requests that came before a moment; return how many pieces."""
    deleted = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM headgate_content WHERE id IN "
                "(SELECT id FROM headgate_content WHERE occurred_at < %s ORDER BY occurred_at LIMIT %s)",
                [connection.ops.adapt_datetimefield_value(moment), batch],
            )
            gone: int = cursor.rowcount
        deleted += gone
        if gone < batch:
            return deleted
