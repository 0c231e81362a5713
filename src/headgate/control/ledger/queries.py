"""Reads: journals that may still hold something that is not posted."""

from typing import NamedTuple

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
