"""Writes: one user's spend starts anew, in every budget of users that bounds him: rule 23."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from headgate.control.audit.operations import record_about
from headgate.control.budgets.models import Budget
from headgate.control.budgets.operations import check_reason
from headgate.control.budgets.queries import current_windows, live_budgets
from headgate.control.budgets.resets import reset
from headgate.control.budgets.spending import Subject, is_shared
from headgate.control.budgets.standing import bounding
from headgate.control.organizations.models import User
from headgate.domain.budget import Scope


class ResetBudget(NamedTuple):
    """A budget whose current window of the user is over, and what was spent of it."""

    budget: Budget
    spent: int
    """In the budget's unit."""


class UserReset(NamedTuple):
    """What a reset came to."""

    reset: list[ResetBudget]
    kept: list[Budget]
    """Budgets of which the user has spent something, and which who asks may not reset."""


def reset_user(
    user: str,
    organization_id: str,
    *,
    may: Callable[[Budget], bool],
    reset_id: str,
    reason: str,
    actor: User,
    now: dt.datetime | None = None,
) -> UserReset:
    """Start the current periods of a user's budgets anew, by a dated adjustment each; nothing is deleted.

    Args:
        user: external id.
        organization_id: in which organization.
        may: whether who asks may reset a budget.
        reset_id: given by who asks, at most 60 characters: a second time does nothing.
        reason: why.
        actor: who.
        now: when.

    Raises:
        ValidationError: no reason.
    """
    check_reason(reason)
    at = now or timezone.now()
    windows = current_windows(at).filter(scope=Scope.USER.value, organization_id=organization_id, subject=user)
    with transaction.atomic():
        spent = dict(windows.filter(spent__gt=0).values_list("budget_id", "spent"))
        return reset_each(
            live_budgets().filter(bounding(user, organization_id)),
            spent,
            Subject(organization_id, user),
            may=may,
            reset_id=reset_id,
            reason=reason,
            actor=actor,
            told={"user": user, "organization": organization_id},
            at=at,
        )


def reset_each(
    budgets: QuerySet[Budget],
    spent: Mapping[str, int],
    subject: Subject,
    *,
    may: Callable[[Budget], bool],
    reset_id: str,
    reason: str,
    actor: User,
    told: Mapping[str, str],
    at: dt.datetime,
) -> UserReset:
    """Start the windows of a subject anew, inside the caller's transaction; in the order in which draws lock them.

    Args:
        budgets: those that may be concerned.
        spent: by budget, what is spent of the current window; one that is not there is left alone.
        subject: whose windows, of budgets that many share.
        may: whether who asks may reset a budget.
        reset_id: given by who asks.
        reason: why.
        actor: who.
        told: what the audit trail is told beside the reason.
        at: when.
    """
    done = UserReset([], [])
    for budget in budgets.filter(pk__in=spent).order_by("pk"):
        if not may(budget):
            done.kept.append(budget)
            continue
        whose = subject if is_shared(budget) else None
        named = f"{reset_id}-{budget.pk[:16]}"
        if reset(budget, reset_id=named, reason=reason, actor=actor.username, subject=whose, now=at):
            record_about(actor, "reset", budget, {**told, "reason": reason})
            done.reset.append(ResetBudget(budget, spent[budget.pk]))
    return done
