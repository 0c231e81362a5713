"""Writes: budgets. Each is published in the same transaction; windows are locked last, for who draws waits for them.

Lowering a limit below what is spent loses nothing: new holds are refused at once, what is held stays, and the window's
`excess` says by how much it is over.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from headgate.control.budgets import windows
from headgate.control.budgets.checks import check_budget
from headgate.control.budgets.environment import TRACKING
from headgate.control.budgets.limits import checked_limit
from headgate.control.budgets.models import Adjustment, Budget, Window
from headgate.control.budgets.queries import multiplier_of
from headgate.control.budgets.spending import CORRECTION
from headgate.control.currencies.queries import usd_rate
from headgate.control.keys.models import VirtualKey
from headgate.control.publication.operations import lock_publication, publish_key, publishing
from headgate.domain.budget import Scope


def create_budget(*, now: dt.datetime | None = None, **fields: Any) -> Budget:
    """Create a budget from the fields of its model, and publish it; see `open_budget`."""
    return open_budget(Budget(**fields), now=now)


def open_budget(budget: Budget, *, now: dt.datetime | None = None) -> Budget:
    """Write an unsaved budget and publish it. It starts from what has been posted in its current period.

    Raises:
        ValidationError: naming the field and the remedy.
    """
    at = now or timezone.now()
    budget.limit = Decimal(budget.limit)
    check_new(budget, at)
    with lock_publication():
        with publishing():
            budget.save(force_insert=True)
        publish_key_of(budget)
        windows.open_windows(budget, at)
    return budget


def check_new(budget: Budget, at: dt.datetime) -> None:
    """Refuse a new budget that cannot be kept, and give it the soft multiplier of the environment.

    Raises:
        ValidationError: naming the field and the remedy.
    """
    defaults = settings.BUDGET_DEFAULTS
    if not defaults.tracking:
        message = f"{TRACKING} is false; a budget needs what is tracked."
        raise ValidationError(message)
    budget.soft_multiplier = defaults.soft_multiplier
    check_budget(budget)
    check_limit(budget, at)


def check_limit(budget: Budget, at: dt.datetime) -> None:
    """Refuse a limit that cannot be kept.

    Raises:
        ValidationError: naming the field and the remedy.
    """
    rate = usd_rate(budget.currency, on=at.astimezone(dt.UTC).date())
    checked_limit(budget.unit, budget.limit, usd_rate=rate, multiplier=multiplier_of(budget))


def change_limit(
    budget: Budget,
    limit: Decimal,
    *,
    soft: bool | None = None,
    multiplier: Decimal | None = None,
    now: dt.datetime | None = None,
) -> Budget:
    """Change how much may be spent, also in the windows that are open; they keep their exchange rate.

    Args:
        budget: which one.
        limit: in its currency, or whole tokens or requests.
        soft: whether critical tasks may go further; None: as before.
        multiplier: hard limit over limit of a soft budget; None: the environment's.
        now: when.

    Raises:
        ValidationError: the limit cannot be kept, or the budget is retired.
    """
    at = now or timezone.now()
    with lock_publication():
        with publishing():
            row = alive(budget)
            row.limit = Decimal(limit)
            row.soft = row.soft if soft is None else soft
            row.soft_multiplier = multiplier or settings.BUDGET_DEFAULTS.soft_multiplier
            check_limit(row, at)
            row.limit_version += 1
            row.save(update_fields=["limit", "soft", "soft_multiplier", "limit_version"])
        publish_key_of(row)
        windows.rewrite_limits(row, at)
    return row


def change_conduct(budget: Budget, **fields: Any) -> Budget:
    """Change `name`, `clamp`, `top_up` or `shadow`: nothing that a window holds.

    Raises:
        ValidationError: no name, or the budget is retired.
    """
    if unknown := set(fields) - {"name", "clamp", "top_up", "shadow"}:
        message = f"not a matter of conduct: {', '.join(sorted(unknown))}"
        raise ValueError(message)
    with lock_publication():
        with publishing():
            row = alive(budget)
            for field, value in fields.items():
                setattr(row, field, value)
            check_budget(row)
            row.save(update_fields=list(fields))
        publish_key_of(row)
    return row


def retire(budget: Budget, *, now: dt.datetime | None = None) -> Budget:
    """Take the budget out of force for good; its windows and adjustments stay. A second time changes nothing."""
    at = now or timezone.now()
    with lock_publication():
        row = Budget.objects.select_for_update().get(pk=budget.pk)
        if row.retired_at is not None:
            return row
        with publishing():
            row.retired_at = at
            row.save(update_fields=["retired_at"])
        publish_key_of(row)
        windows.recall(row, at)
    return row


def correct(
    window: str, amount: int, *, correction_id: str, reason: str, actor: str, now: dt.datetime | None = None
) -> Adjustment:
    """Change what is spent in a window by an adjustment: rule 25. The same id a second time does nothing.

    Args:
        window: its id; of the epoch in which the original event was booked.
        amount: in the window's unit; negative for a refund, which is at most what is spent.
        correction_id: given by who asks.
        reason: why.
        actor: who.
        now: when.

    Raises:
        ValidationError: no such window, more than is spent, or no reason.
    """
    check_reason(reason)
    with transaction.atomic():
        row = Window.objects.select_for_update(no_key=True).filter(pk=window).first()
        if row is None:
            raise ValidationError({"window": "There is no such window."})
        if done := Adjustment.objects.filter(pk=correction_id).first():
            return done
        if row.spent + amount < 0:
            raise ValidationError({"amount": f"At most {row.spent} can be taken back."})
        windows.change_spent(row, amount)
        made = entry(row, amount, CORRECTION, correction_id, reason=reason, actor=actor, at=now or timezone.now())
        made.save(force_insert=True)
        return made


def entry(
    window: Window, amount: int, kind: str, entry_id: str, *, reason: str, actor: str, at: dt.datetime
) -> Adjustment:
    """Return the adjustment about a window, not yet written."""
    return Adjustment(
        id=entry_id,
        budget_id=window.budget_id,
        organization_id=window.organization_id,
        kind=kind,
        window_id=window.pk,
        unit=window.unit,
        amount=amount,
        reason=reason,
        actor=actor,
        created_at=at,
    )


def check_reason(reason: str) -> None:
    """Refuse an entry that does not say why.

    Raises:
        ValidationError: it does not.
    """
    if not reason.strip():
        raise ValidationError({"reason": "Say why: the entry stays for ever."})


def alive(budget: Budget) -> Budget:
    """Return the budget as it is now, locked.

    Raises:
        ValidationError: it is retired.
    """
    row = Budget.objects.select_for_update().get(pk=budget.pk)
    if row.retired_at is not None:
        raise ValidationError("This budget is retired; create another one.")
    return row


def publish_key_of(budget: Budget) -> None:
    """Publish the key that the budget is of, if it is of one; after the snapshot, which has its calendar."""
    if budget.scope == Scope.KEY and budget.subject:
        publish_key(VirtualKey.objects.get(pk=budget.subject))
