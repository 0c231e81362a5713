"""Reads: how each arm of a route did, out of the request log."""

import datetime as dt
from typing import Any, NamedTuple

from django.db.models import Count, F, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from headgate.control.organizations.models import User
from headgate.control.requestlog.models import RequestLog
from headgate.control.requestlog.queries import visible_requests
from headgate.control.routes.models import Route
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome

PERIODS = (1, 7, 30)
"""Days that a report can be about."""
LARGEST_SAMPLE = 100_000
"""Newest requests that are counted: a page must not walk over all that a route ever did."""


class ArmFigures(NamedTuple):
    """What requests of one arm came to. Requests that we refused ourselves are not among them."""

    arm: str
    requests: int
    errors: int
    """Requests that did not end well, whosever fault it was."""
    cost: NanoUsd
    """Of all attempts, those at other arms' deployments too."""
    unpriced: int
    """Requests without an amount; `cost` leaves them out."""
    tokens: int
    p50_ms: float | None
    """Half of the requests took no longer, from the first byte in to the last byte out."""
    p95_ms: float | None

    @property
    def cost_per_request(self) -> NanoUsd | None:
        """The mean, rounded to nano-USD; None where no request has an amount."""
        priced = self.requests - self.unpriced
        return NanoUsd((2 * self.cost + priced) // (2 * priced)) if priced else None


class Report(NamedTuple):
    """How the arms of a route did."""

    arms: list[ArmFigures]
    """Those that the route has now, in their order, then those that it had."""
    whole: bool
    """False: there were more requests than are counted; the figures are of the newest."""

    @property
    def requests(self) -> int:
        """Of all arms."""
        return sum(each.requests for each in self.arms)


def report_of(route: Route, user: User, *, days: int, now: dt.datetime) -> Report:
    """Sum up what the user may see of the last so many days.

    Args:
        route: known to the log by its name: what it did under another one is not found.
        user: who looks.
        days: how far back.
        now: the moment.
    """
    rows = _rows(route, user).filter(occurred_at__gte=now - dt.timedelta(days=days))
    newest = rows.order_by("-occurred_at").values_list("occurred_at", flat=True)
    cut = next(iter(newest[LARGEST_SAMPLE : LARGEST_SAMPLE + 1]), None)
    if cut is not None:
        rows = rows.filter(occurred_at__gt=cut)
    sums = {row["arm"]: row for row in _sums(rows)}
    ranked = _ranked(rows)
    titles = [arm.title for arm in route.arms.all()]
    names = titles + sorted(sums.keys() - set(titles))
    return Report([_figures(name, sums.get(name), ranked) for name in names], cut is None)


def _rows(route: Route, user: User) -> QuerySet[RequestLog]:
    """Requests that took the route: an organization's own route of the same name is another one."""
    rows = visible_requests(user).filter(route=route.name, arm__isnull=False).exclude(outcome=Outcome.REFUSED)
    if route.organization_id is not None:
        return rows.filter(organization_id=route.organization_id)
    own = Route.objects.filter(name=route.name).exclude(organization=None).values("organization_id")
    return rows.exclude(organization_id__in=own)


def _sums(rows: QuerySet[RequestLog]) -> list[Any]:
    by_arm = rows.order_by().values("arm")
    return list(
        by_arm.annotate(
            requests=Count("pk"),
            errors=Count("pk", filter=Q(error__isnull=False)),
            cost=Sum("cost_nano", default=0),
            unpriced=Count("pk", filter=Q(cost_nano=None)),
            tokens=Sum("total_tokens", default=0),
        )
    )


def _ranked(rows: QuerySet[RequestLog]) -> dict[tuple[str, int], float]:
    """(arm, percent) -> the latency at that rank, the nearest rank and no interpolation."""
    by_arm = F("arm")
    timed = rows.filter(latency_ms__isnull=False).order_by()
    placed = timed.annotate(
        rank=Window(RowNumber(), partition_by=by_arm, order_by=F("latency_ms").asc()),
        of=Window(Count("pk"), partition_by=by_arm),
    )
    found: dict[tuple[str, int], float] = {}
    for percent in (50, 95):
        # The smallest rank that is at least this share of all: in whole numbers, for floats would miss it.
        at = placed.annotate(reached=F("rank") * 100 - F("of") * percent).filter(reached__gte=0, reached__lt=100)
        found |= {(str(arm), percent): float(ms) for arm, ms in at.values_list("arm", "latency_ms") if ms is not None}
    return found


def _figures(arm: str, sums: dict[str, Any] | None, ranked: dict[tuple[str, int], float]) -> ArmFigures:
    counted = sums or {"requests": 0, "errors": 0, "cost": 0, "unpriced": 0, "tokens": 0}
    return ArmFigures(
        arm=arm,
        requests=counted["requests"],
        errors=counted["errors"],
        cost=NanoUsd(counted["cost"]),
        unpriced=counted["unpriced"],
        tokens=counted["tokens"],
        p50_ms=ranked.get((arm, 50)),
        p95_ms=ranked.get((arm, 95)),
    )


def period_of(asked: str | None) -> int:
    """The number of days that a page was asked for; a week when it was asked for nothing that there is."""
    return next((days for days in PERIODS if str(days) == asked), 7)
