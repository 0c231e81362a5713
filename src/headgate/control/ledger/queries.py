"""Reads: journals that may still hold something that is not posted."""

import datetime as dt
from collections import defaultdict
from typing import NamedTuple

from django.db import connection

from headgate.control.ledger.models import Cursor, OwnerState
from headgate.domain.ids import OwnerId


class OpenOwner(NamedTuple):
    """An owner whose journal is not closed, and how far it is posted."""

    owner_id: OwnerId
    node: str
    boot_id: str
    posted: int
    low_watermark: int


def open_owners(node: str) -> list[OpenOwner]:
    """Return the open owners of a node, in the order of their ids."""
    cursors = Cursor.objects.filter(owner__node=node, owner__state=OwnerState.OPEN).select_related("owner")
    return [
        OpenOwner(OwnerId(c.owner.id), c.owner.node, c.owner.boot_id, c.posted, c.low_watermark)
        for c in cursors.order_by("owner_id")
    ]


class OwnerStanding(NamedTuple):
    """An owner whose journal is not closed, and what is leased to it."""

    owner_id: OwnerId
    node: str
    registered_at: dt.datetime
    posted: int
    windows: int
    """In how many windows it has something."""
    leased: dict[str, int]
    """By unit, over all its windows: an amount that is held in three windows counts three times."""


_LEASED = """
    SELECT headgate_lease.owner_id, headgate_window.unit, COUNT(DISTINCT headgate_window.id), SUM(remaining)
    FROM headgate_lease
    JOIN headgate_window ON headgate_window.id = headgate_lease.window_id
    JOIN headgate_owner ON headgate_owner.id = headgate_lease.owner_id
    WHERE headgate_owner.state = 'open' AND remaining > 0
    GROUP BY headgate_lease.owner_id, headgate_window.unit
    ORDER BY headgate_lease.owner_id, headgate_window.unit
"""


def standing_owners() -> list[OwnerStanding]:
    """Return the open owners of all nodes, oldest first."""
    windows: dict[str, int] = defaultdict(int)
    leased: dict[str, dict[str, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_LEASED)
        for owner, unit, count, amount in cursor.fetchall():
            windows[owner] += count
            leased[owner][unit] = int(amount)
    cursors = Cursor.objects.filter(owner__state=OwnerState.OPEN).select_related("owner")
    return [
        OwnerStanding(
            OwnerId(c.owner.id), c.owner.node, c.owner.registered_at, c.posted, windows[c.owner.id], leased[c.owner.id]
        )
        for c in cursors.order_by("owner__registered_at", "owner_id")
    ]


class Position(NamedTuple):
    """How far an owner's journal is posted."""

    posted: int
    low_watermark: int


def cursor_of(owner_id: OwnerId) -> Position:
    """Return where the books are in an owner's journal.

    Raises:
        Cursor.DoesNotExist: the owner was never registered.
    """
    cursor = Cursor.objects.get(owner_id=owner_id)
    return Position(cursor.posted, cursor.low_watermark)
