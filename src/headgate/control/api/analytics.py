"""Operations: analytics of a user and of everybody, and breakdowns by any dimension."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Literal, cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema

from headgate.control.api.callers import Caller
from headgate.control.api.parameters import (
    Days,
    IntervalName,
    Limit,
    Offset,
    OrganizationName,
    TableFormat,
    UserId,
    check_interval,
)
from headgate.control.api.rendering import CSV, csv_answer, wants_csv
from headgate.control.api.schemas import (
    REFUSALS,
    Sums,
    SystemAnalytics,
    UserAnalytics,
    points_of,
    span_of,
    sums_of,
    totals_of,
)
from headgate.control.rollups.queries import (
    DIMENSIONS,
    Interval,
    Line,
    Seen,
    Span,
    breakdown,
    overview,
    series,
    top_spenders,
)
from headgate.domain.errors import BadRequest

router = Router(tags=["analytics"])
LINES = 100
"""Of each breakdown that comes with an overview; `breakdown/` has all."""
MOST_DIMENSIONS = 3
_ORDERS = {"cost": "amount_nano", "requests": "requests", "tokens": "total_tokens", "errors": "errors"}
CSV_TOO: dict[str, Any] = {"responses": {200: {"content": {CSV: {"schema": {"type": "string"}}}}}}


def caller_of(request: HttpRequest) -> Caller:
    """Return who asks, as authentication found it."""
    return cast("Caller", request.auth)  # type: ignore[attr-defined]  # ninja's, not Django's


@router.get("user/", response={200: UserAnalytics, **REFUSALS}, operation_id="user_analytics")
def user_analytics(
    request: HttpRequest,
    days: Days = 30,
    user_id: UserId = None,
    organization: OrganizationName = None,
    interval: IntervalName = Interval.DAY,
) -> dict[str, Any]:
    """What a user's requests came to: the caller's own, or for administrators those of the user that they name."""
    check_interval(interval, days)
    seen = caller_of(request).user_in(user_id, organization)
    return {
        **_overview(seen, days, interval),
        "user_id": seen.user,
        "organizations": sorted(seen.organizations or ()),
    }


@router.get("system/", response={200: SystemAnalytics, **REFUSALS}, operation_id="system_analytics")
def system_analytics(
    request: HttpRequest,
    days: Days = 7,
    organization: OrganizationName = None,
    interval: IntervalName = Interval.DAY,
) -> dict[str, Any]:
    """What everybody's requests came to, for administrators: in all organizations that they may see, or in one."""
    check_interval(interval, days)
    seen = caller_of(request).all_in(organization)
    told = _overview(seen, days, interval)
    span = Span(told["since"], told["until"])
    return {
        **told,
        "by_user": [
            {"organization": line.values[0], "user_id": line.values[1], **sums_of(line.figures)}
            for line in top_spenders(seen, span)
        ],
        "by_organization": _named(breakdown(seen, span, ("organization",), latencies=False, limit=LINES)),
    }


class BreakdownLine(Sums):
    """One combination of the dimensions that were asked for."""

    values: dict[str, str | None]


class Breakdown(Schema):
    """Sums for each combination of dimensions."""

    by: list[str]
    days: int
    since: dt.date
    until: dt.date
    as_of: dt.datetime
    lines: list[BreakdownLine]
    next_offset: int | None


@router.get("breakdown/", response={200: Breakdown, **REFUSALS}, operation_id="breakdown", openapi_extra=CSV_TOO)
def breakdown_by(
    request: HttpRequest,
    by: str = Query("model", max_length=100, description=f"Up to three of {', '.join(DIMENSIONS)}; with commas."),
    days: Days = 30,
    organization: OrganizationName = None,
    order: Literal["cost", "requests", "tokens", "errors"] = "cost",
    limit: Limit = 100,
    offset: Offset = 0,
    table_format: TableFormat = None,
) -> dict[str, Any] | HttpResponse:
    """Sums for each combination of dimensions, the largest first, for administrators. As JSON or CSV."""
    names = dimensions_in(by)
    now = timezone.now()
    span = Span.last_days(days, now)
    seen = caller_of(request).all_in(organization)
    found = breakdown(seen, span, names, order=_ORDERS[order], limit=limit + 1, offset=offset)
    lines = [{"values": dict(zip(names, line.values, strict=True)), **sums_of(line.figures)} for line in found[:limit]]
    if wants_csv(request, table_format):
        sums = list(Sums.model_fields)
        rows = [[*line["values"].values(), *(line[name] for name in sums)] for line in lines]
        return csv_answer(f"by-{'-'.join(names)}", [*names, *sums], rows)
    following = offset + limit if len(found) > limit else None
    return {"by": names, **span_of(span, now), "lines": lines, "next_offset": following}


def dimensions_in(text: str) -> list[str]:
    """Read names of dimensions, separated by commas.

    Raises:
        BadRequest: one that there is not, one twice, none, or too many.
    """
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in DIMENSIONS]
    if unknown or len(set(names)) != len(names) or len(names) > MOST_DIMENSIONS:
        message = f"by: give one to {MOST_DIMENSIONS} different ones of {', '.join(DIMENSIONS)}."
        raise BadRequest(message, code="invalid_value", param="by")
    return names


def _overview(seen: Seen, days: int, interval: Interval) -> dict[str, Any]:
    now = timezone.now()
    span = Span.last_days(days, now)
    found = overview(seen, span)
    return {
        **span_of(span, now),
        **totals_of(found.whole),
        **{f"by_{name}": _named(lines[:LINES]) for name, lines in found.by.items()},
        "interval": interval,
        "series": points_of(series(seen, span, interval, now=now)),
    }


def _named(lines: Sequence[Line]) -> list[dict[str, Any]]:
    return [{"name": line.values[0], **sums_of(line.figures)} for line in lines]
