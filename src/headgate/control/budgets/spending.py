"""What a budget has been spent according to the events posted so far: where a new window starts from."""

import datetime as dt
from collections import Counter
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet, Sum

from headgate.control.budgets.models import Adjustment, Budget, Window
from headgate.control.ledger.models import CostEvent
from headgate.control.rollups.models import SpendDay
from headgate.control.rollups.queries import kept_from
from headgate.domain.budget import BudgetUnit, Scope
from headgate.domain.outcome import Outcome
from headgate.ledger.windows import window_subject
from headgate.snapshot.contract import Edge

CORRECTION = "correction"
_COLUMNS = {
    Scope.ORGANIZATION: "organization_id",
    Scope.TEAM: "team",
    Scope.PROJECT: "project",
    Scope.APP: "app",
    Scope.CLIENT: "client",
    Scope.USER: "end_user",
    Scope.AGENT: "agent",
    Scope.KEY: "key_id",
}
_MEASURES = {
    BudgetUnit.MONEY: Sum("amount_nano"),
    BudgetUnit.TOKENS: Sum("total_tokens"),
    BudgetUnit.REQUESTS: Count("pk", filter=Q(outcome__in=(Outcome.OK.value, Outcome.ESTIMATED.value))),
}
_ROLLED_UP = {
    BudgetUnit.MONEY: Sum("amount_nano"),
    BudgetUnit.TOKENS: Sum("total_tokens"),
    BudgetUnit.REQUESTS: Sum("charged"),
}


class Subject(NamedTuple):
    """Whose window it is, as the window's own columns say."""

    organization_id: str | None
    """None for the scope system only."""
    value: str
    """External id, or id of the organization or the key; empty for the scope system."""


def is_shared(budget: Budget) -> bool:
    """Say whether each subject has a window of its own."""
    return named(budget, Subject("organization", "subject")) is not None


def named(budget: Budget, subject: Subject) -> str | None:
    """Return the subject as it stands in a window's id; None where there is one window for all of the budget."""
    return window_subject(
        Scope(budget.scope),
        owned=budget.organization_id is not None,
        named=bool(budget.subject),
        organization_id=subject.organization_id or "",
        value=subject.value,
    )


def only_subject(budget: Budget) -> Subject:
    """Return the subject of a budget that is not shared."""
    if budget.scope == Scope.ORGANIZATION:
        return Subject(budget.organization_id, str(budget.organization_id))
    return Subject(budget.organization_id, budget.subject)


def posted(budget: Budget, edge: Edge) -> dict[Subject, int]:
    """Return what each subject has spent in the window, in its unit: events since the last reset, and corrections.

    A shared budget lists the subjects that were seen; any other has one entry, which may be 0.
    """
    found: Counter[Subject] = Counter() if is_shared(budget) else Counter({only_subject(budget): 0})
    resets = _resets(budget)
    for rows in _rows(budget, edge, budget.reset_at):
        found.update(_sums(budget, rows))
    for subject, reset_at in resets.items():
        mine = [_of(budget, subject, rows) for rows in _rows(budget, edge, reset_at)]
        found[subject] = sum(_sums(budget, rows).get(subject, 0) for rows in mine)
    found.update(_corrections(budget, edge, resets))
    return {subject: max(0, amount) for subject, amount in found.items()}


def _resets(budget: Budget) -> dict[Subject, dt.datetime]:
    rows = budget.subject_epochs.values_list("organization_id", "subject", "reset_at")
    return {Subject(organization, value): reset_at for organization, value, reset_at in rows}


def _rows(budget: Budget, edge: Edge, reset_at: dt.datetime | None) -> list[QuerySet[Any]]:
    """Return the events of a window since a reset; of a time whose events are not kept, their roll-ups.

    These know days only: of the day of such a reset, all is counted. A limit starts too low rather than too high.
    """
    start = dt.datetime.fromtimestamp(edge.starts_at, tz=dt.UTC)
    start = max(start, reset_at) if reset_at else start
    kept = kept_from()
    events = CostEvent.objects.filter(occurred_at__gte=max(start, kept) if kept else start)
    if edge.ends_at is not None:
        events = events.filter(occurred_at__lt=dt.datetime.fromtimestamp(edge.ends_at, tz=dt.UTC))
    found: list[QuerySet[Any]] = [events]
    if kept is not None and start < kept:
        found.append(SpendDay.objects.filter(day__gte=start.astimezone(dt.UTC).date(), day__lt=kept.date()))
    return [_bounded(budget, rows) for rows in found]


def _bounded(budget: Budget, rows: QuerySet[Any]) -> QuerySet[Any]:
    if budget.organization_id is not None:
        rows = rows.filter(organization_id=budget.organization_id)
    if budget.scope == Scope.SYSTEM:
        return rows
    column = _COLUMNS[Scope(budget.scope)]
    if budget.subject:
        return rows.filter(**{column: budget.subject})
    return rows.exclude(**{column: None})


def _of(budget: Budget, subject: Subject, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(organization_id=subject.organization_id, **{_COLUMNS[Scope(budget.scope)]: subject.value})


def _sums(budget: Budget, rows: QuerySet[Any]) -> dict[Subject, int]:
    measures = _ROLLED_UP if rows.model is SpendDay else _MEASURES
    measure = measures[BudgetUnit(budget.unit)]
    if not is_shared(budget):
        return {only_subject(budget): rows.aggregate(total=measure)["total"] or 0}
    column = _COLUMNS[Scope(budget.scope)]
    columns = ("organization_id",) if budget.scope == Scope.ORGANIZATION else ("organization_id", column)
    sums = rows.order_by().values(*columns).annotate(total=measure)
    return {Subject(row["organization_id"], row[column]): row["total"] or 0 for row in sums}


def _corrections(budget: Budget, edge: Edge, resets: dict[Subject, dt.datetime]) -> Counter[Subject]:
    """Corrections of windows that reach into this one."""
    found: Counter[Subject] = Counter()
    corrections = Adjustment.objects.filter(budget=budget, kind=CORRECTION)
    if budget.reset_at is not None:
        corrections = corrections.filter(created_at__gte=budget.reset_at)
    rows = list(corrections.values_list("window_id", "amount", "created_at"))
    windows = Window.objects.filter(pk__in={row[0] for row in rows}).exclude(ends_at__lte=edge.starts_at)
    subjects = {
        pk: Subject(organization, value)
        for pk, organization, value in windows.values_list("pk", "organization_id", "subject")
    }
    for window_id, amount, created_at in rows:
        subject = subjects.get(window_id)
        if subject is not None and created_at >= resets.get(subject, created_at):
            found[subject] += amount
    return found
