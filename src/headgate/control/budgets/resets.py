"""Writes: resets, and changes of what a window is. Rule 23: a new epoch, and an adjustment of what was over.

What is in flight settles in the old window; requests that come now are held in the new one.
"""

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db.models import F, Max
from django.utils import timezone

from headgate.control.budgets import windows
from headgate.control.budgets.checks import check_budget
from headgate.control.budgets.models import Adjustment, Budget, SubjectEpoch, Window
from headgate.control.budgets.operations import alive, check_reason, entry, publish_key_of
from headgate.control.budgets.queries import current_windows
from headgate.control.budgets.spending import Subject, is_shared
from headgate.control.publication.operations import lock_publication, publishing

RESET = "reset"
CALENDAR = "calendar"
_BATCH = 500


def reset(
    budget: Budget,
    *,
    reset_id: str,
    reason: str,
    actor: str,
    subject: Subject | None = None,
    now: dt.datetime | None = None,
) -> bool:
    """Start the current period anew, for all of the budget or for one subject of a shared one.

    Args:
        budget: which one.
        reset_id: given by who asks, at most 80 characters: a second time does nothing.
        reason: why.
        actor: who.
        subject: whose window; None: all.
        now: when.

    Returns:
        Whether it was done; False: the id was used before.

    Raises:
        ValidationError: no reason, a subject of a budget that is not shared, or the budget is retired.
    """
    at = now or timezone.now()
    check_reason(reason)
    if subject is not None and not is_shared(budget):
        raise ValidationError({"subject": "This budget has one window for all of it; reset the budget."})
    with lock_publication():
        if Adjustment.objects.filter(pk=reset_id).exists():
            return False
        with publishing():
            row = alive(budget)
            over = current_windows(at).filter(budget=row)
            if subject is not None:
                over = over.filter(organization_id=subject.organization_id, subject=subject.value)
            ids = list(over.values_list("pk", flat=True))
            _next_epoch(row, subject, at)
        publish_key_of(row)
        _close(row, ids, reset_id, kind=RESET, reason=reason, actor=actor, at=at)
    return True


def change_time_zone(
    budget: Budget, time_zone: str, *, change_id: str, reason: str, actor: str, now: dt.datetime | None = None
) -> bool:
    """Move the edges of the windows to another time zone; see `_change_calendar`."""
    return _change_calendar(budget, "time_zone", time_zone, change_id, reason=reason, actor=actor, now=now)


def change_period(
    budget: Budget, period: str, *, change_id: str, reason: str, actor: str, now: dt.datetime | None = None
) -> bool:
    """Count per day, month or in total from now on; see `_change_calendar`."""
    return _change_calendar(budget, "period", period, change_id, reason=reason, actor=actor, now=now)


def _change_calendar(
    budget: Budget, field: str, value: str, change_id: str, *, reason: str, actor: str, now: dt.datetime | None
) -> bool:
    """Begin a new epoch whose windows are others. They start from what was posted since the last reset.

    Returns:
        Whether it was done; False: the id was used before, or there was nothing to change.

    Raises:
        ValidationError: no such period or zone, no reason, or the budget is retired.
    """
    at = now or timezone.now()
    check_reason(reason)
    with lock_publication():
        if Adjustment.objects.filter(pk=change_id).exists():
            return False
        row = alive(budget)
        before = getattr(row, field)
        if before == value:
            return False
        with publishing():
            ids = list(current_windows(at).filter(budget=row).values_list("pk", flat=True))
            setattr(row, field, value)
            check_budget(row)
            row.epoch = _epoch_after_all(row)
            row.save(update_fields=[field, "epoch"])
            _forget_subjects(row)
        publish_key_of(row)
        said = f"{field} {before} to {value}: {reason}"
        _close(row, ids, change_id, kind=CALENDAR, reason=said, actor=actor, at=at)
        windows.open_windows(row, at)
    return True


def _next_epoch(budget: Budget, subject: Subject | None, at: dt.datetime) -> None:
    if subject is None:
        budget.epoch = _epoch_after_all(budget)
        budget.reset_at = at
        budget.save(update_fields=["epoch", "reset_at"])
        budget.subject_epochs.all().delete()
        return
    known = {"budget": budget, "organization_id": subject.organization_id, "subject": subject.value}
    if not SubjectEpoch.objects.filter(**known).update(epoch=F("epoch") + 1, reset_at=at):
        SubjectEpoch.objects.create(**known, epoch=1, reset_at=at)


def _epoch_after_all(budget: Budget) -> int:
    """Return an epoch that no window of the budget has had: a subject's is its own and the budget's together."""
    most: int = budget.subject_epochs.aggregate(most=Max("epoch"))["most"] or 0
    return budget.epoch + most + 1


def _forget_subjects(budget: Budget) -> None:
    """Fold the subjects' own epochs into the budget's; when they were reset is still asked for."""
    budget.subject_epochs.update(epoch=0)


def _close(
    budget: Budget, ids: Sequence[str], entry_id: str, *, kind: str, reason: str, actor: str, at: dt.datetime
) -> None:
    """Enter what was spent in the windows that are over; the first entry has the id, so that it is found again."""
    rows = list(windows.locked_by_id(ids)) or [_nothing(budget)]
    entries = [
        entry(row, -row.spent, kind, f"{entry_id}.{number}" if number else entry_id, reason=reason, actor=actor, at=at)
        for number, row in enumerate(rows)
    ]
    Adjustment.objects.bulk_create(entries, batch_size=_BATCH)
    windows.recall_only(rows)


def _nothing(budget: Budget) -> Window:
    """Stand in for the windows of a budget that nobody has used: the entry says that there was nothing."""
    return Window(id="", budget=budget, organization_id=budget.organization_id, unit=budget.unit, spent=0)
