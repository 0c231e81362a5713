"""Writes: the only room that posts to the books. Rows are inserted once and never updated."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from headgate.control.ledger.inserts import insert_once
from headgate.control.ledger.models import CostEvent, Cursor, Owner, OwnerState
from headgate.control.requestlog.models import RequestLog
from headgate.domain.ids import OwnerId
from headgate.ledger.postings import CostEventPosting, OwnerPosting, PostResult, RequestLogPosting


class CursorMovedError(Exception):
    """Somebody else posted this stretch of the journal, or the owner is closed; nothing was written."""


def register_owner(owner_id: OwnerId, node: str, boot_id: str) -> None:
    """Open the books for one start of one worker; a second time changes nothing."""
    with transaction.atomic():
        Owner.objects.get_or_create(id=owner_id, defaults={"node": node, "boot_id": boot_id})
        Cursor.objects.get_or_create(owner_id=owner_id)


def post(posting: OwnerPosting) -> PostResult:
    """Post one stretch of a journal in one transaction.

    Raises:
        CursorMovedError: the cursor is not where the posting begins, or the owner is not open.
    """
    with transaction.atomic():
        _lock_open_owner(posting.owner_id)
        swapped = Cursor.objects.filter(owner_id=posting.owner_id, posted=posting.posted_from).update(
            posted=posting.posted_to, low_watermark=posting.low_watermark
        )
        if not swapped:
            message = f"the cursor of {posting.owner_id} is not at {posting.posted_from}"
            raise CursorMovedError(message)
        return _insert_all(posting.events, posting.logs)


def close_owner(
    owner_id: OwnerId, orphans: Sequence[CostEventPosting] = (), logs: Sequence[RequestLogPosting] = ()
) -> PostResult:
    """Post what a dead worker left unsettled and close its books, in one transaction.

    Raises:
        CursorMovedError: the owner is not open.
    """
    with transaction.atomic():
        owner = _lock_open_owner(owner_id)
        posted = _insert_all(orphans, logs)
        owner.state = OwnerState.CLOSED
        owner.closed_at = timezone.now()
        owner.save(update_fields=["state", "closed_at"])
        return posted


def _lock_open_owner(owner_id: OwnerId) -> Owner:
    owner = Owner.objects.select_for_update().filter(id=owner_id, state=OwnerState.OPEN).first()
    if owner is None:
        message = f"the owner {owner_id} is not open"
        raise CursorMovedError(message)
    return owner


def _insert_all(events: Sequence[CostEventPosting], logs: Sequence[RequestLogPosting]) -> PostResult:
    return PostResult(
        event_ids=insert_once(CostEvent, CostEventPosting, events),
        request_ids=insert_once(RequestLog, RequestLogPosting, logs),
    )
