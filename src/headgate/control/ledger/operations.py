"""Writes: the only room that posts to the books. Rows are inserted once and never updated."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

from django.db import IntegrityError, transaction
from django.utils import timezone

from headgate.control.budgets.operations import check_reason
from headgate.control.ledger.inserts import insert_once
from headgate.control.ledger.models import CostEvent, Cursor, Owner, OwnerState
from headgate.control.ledger.windows import POWER_LOSS, Loss, Remained, book_loss, close_leases, settle_windows
from headgate.control.partitions import forget, make_room
from headgate.control.pricing.widenings import observe_overruns
from headgate.control.requestlog.models import Content, RequestLog
from headgate.control.rollups.operations import roll_up
from headgate.control.sinks.operations import enqueue
from headgate.domain.ids import OwnerId
from headgate.ledger.postings import (
    ContentPosting,
    CostEventPosting,
    DeliveryPosting,
    OwnerPosting,
    PostResult,
    RequestLogPosting,
    WindowCharge,
)

LOST_JOURNAL = "lost_journal"


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
    with _room_for(posting.events, posting.logs), transaction.atomic():
        _lock_open_owner(posting.owner_id)
        swapped = Cursor.objects.filter(owner_id=posting.owner_id, posted=posting.posted_from).update(
            posted=posting.posted_to, low_watermark=posting.low_watermark
        )
        if not swapped:
            message = f"the cursor of {posting.owner_id} is not at {posting.posted_from}"
            raise CursorMovedError(message)
        posted = _insert_all(posting.events, posting.logs)
        settle_windows(posting.owner_id, [each for each in posting.charges if each.event_id in posted.event_ids])
        insert_once(Content, ContentPosting, posting.content)
        enqueue(posting.deliveries, posted.request_ids)
    observe_overruns(event for event in posting.events if event.event_id in posted.event_ids)
    return posted


def close_owner(
    owner_id: OwnerId,
    orphans: Sequence[CostEventPosting] = (),
    logs: Sequence[RequestLogPosting] = (),
    charges: Sequence[WindowCharge] = (),
    deliveries: Sequence[DeliveryPosting] = (),
    *,
    lost_power: bool = False,
) -> PostResult:
    """Post what a dead worker left unsettled, release its leases and close its books, in one transaction.

    `lost_power`: the machine was started anew since, so that the end of the journal may be lost: what remains of the
    leases is taken for spent (rule 19).

    Raises:
        CursorMovedError: the owner is not open.
    """
    with _room_for(orphans, logs), transaction.atomic():
        owner = _lock_open_owner(owner_id)
        posted = _insert_all(orphans, _not_logged_yet(logs))
        settle_windows(owner_id, [each for each in charges if each.event_id in posted.event_ids])
        enqueue(deliveries, posted.request_ids)
        remained = close_leases(owner_id, spent=lost_power)
        if lost_power:
            book_loss(owner_id, remained, POWER_LOSS)
        _close(owner)
        return posted


def write_off(owner_id: OwnerId, *, spent: bool, reason: str, actor: str) -> Remained:
    """Close the books of an owner whose journal is lost for good, in one transaction: rule 21.

    An adjustment per window says so. What the journal held and nobody posted has no cost event and never gets one; a
    journal that turns up afterwards is parked, not posted.

    Args:
        owner_id: whose journal it was.
        spent: take what remains of its leases for spent; else it is released.
        reason: why; stays with the adjustments.
        actor: who decided.

    Returns:
        What remained of its leases.

    Raises:
        CursorMovedError: the owner is not open.
        ValidationError: no reason.
    """
    check_reason(reason)
    with transaction.atomic():
        owner = _lock_open_owner(owner_id)
        remained = book_loss(owner_id, close_leases(owner_id, spent=spent), Loss(LOST_JOURNAL, spent, reason, actor))
        _close(owner)
    return remained


def _close(owner: Owner) -> None:
    owner.state = OwnerState.CLOSED
    owner.closed_at = timezone.now()
    owner.save(update_fields=["state", "closed_at"])


def _lock_open_owner(owner_id: OwnerId) -> Owner:
    owner = Owner.objects.select_for_update().filter(id=owner_id, state=OwnerState.OPEN).first()
    if owner is None:
        message = f"the owner {owner_id} is not open"
        raise CursorMovedError(message)
    return owner


@contextmanager
def _room_for(events: Sequence[CostEventPosting], logs: Sequence[RequestLogPosting]) -> Iterator[None]:
    """Rows have partitions to go to, made before the transaction that posts them."""
    make_room(chain((event.occurred_at for event in events), (log.occurred_at for log in logs)))
    try:
        yield
    except IntegrityError:
        forget()
        raise


def _not_logged_yet(logs: Sequence[RequestLogPosting]) -> list[RequestLogPosting]:
    """One row for each request that has none: to a partitioned table, the same request at another time is another."""
    latest = {log.request_id: log for log in logs}
    there = set(RequestLog.objects.filter(pk__in=list(latest)).values_list("pk", flat=True)) if latest else set()
    return [log for log in latest.values() if log.request_id not in there]


def _insert_all(events: Sequence[CostEventPosting], logs: Sequence[RequestLogPosting]) -> PostResult:
    """Insert what is not there yet, and add it to the roll-ups."""
    posted = PostResult(
        event_ids=insert_once(CostEvent, CostEventPosting, events),
        request_ids=insert_once(RequestLog, RequestLogPosting, logs),
    )
    # Of an id that occurs twice, the first was inserted.
    first_events = {event.event_id: event for event in reversed(events) if event.event_id in posted.event_ids}
    first_logs = {log.request_id: log for log in reversed(logs) if log.request_id in posted.request_ids}
    roll_up(list(first_events.values()), list(first_logs.values()))
    return posted
