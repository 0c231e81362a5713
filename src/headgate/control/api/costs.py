"""Operation: `/costs`, what was spent by any dimensions, as JSON and CSV, in the words of seed 004."""

import datetime as dt
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from headgate.control.api.analytics import CSV_TOO, caller_of
from headgate.control.api.parameters import MOST_DAYS, Day, Days, Limit, Offset, TableFormat, Value
from headgate.control.api.rendering import csv_answer, wants_csv
from headgate.control.api.schemas import REFUSALS, Amount, amount
from headgate.control.rollups.figures import Figures
from headgate.control.rollups.queries import Line, Span, breakdown, totals
from headgate.domain.errors import BadRequest

router = Router(tags=["costs"])
NAMES = {
    "orgId": "organization",
    "userId": "user",
    "teamId": "team",
    "projectId": "project",
    "appId": "app",
    "clientId": "client",
    "agentId": "agent",
    "keyId": "key",
    "provider": "provider",
    "model": "model",
    "taskType": "task",
    "endpoint": "endpoint",
    "day": "day",
}
"""What callers write -> what we call it."""
MOST_GROUPS = 4
CURRENCY = "USD"
_SUMS = ("requests", "attempts", "promptTokens", "completionTokens", "totalTokens")


class CostFilters(Schema):
    """Values that costs must have. An empty one stands for costs that have none."""

    org_id: Value = Field(None, alias="orgId")
    user_id: Value = Field(None, alias="userId")
    team_id: Value = Field(None, alias="teamId")
    project_id: Value = Field(None, alias="projectId")
    app_id: Value = Field(None, alias="appId")
    client_id: Value = Field(None, alias="clientId")
    agent_id: Value = Field(None, alias="agentId")
    key_id: Value = Field(None, alias="keyId")
    provider: Value = None
    model: Value = None
    task_type: Value = Field(None, alias="taskType")
    endpoint: Value = None


class _Camel(Schema):
    """In the words of its callers."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class CostSums(_Camel):
    """What was spent, and on what."""

    cost_usd: Amount | None
    requests: int
    attempts: int
    estimated_attempts: int = Field(description="Booked at their hold.")
    unpriced_attempts: int = Field(description="Without an amount; costUsd leaves them out.")
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class CostItem(CostSums):
    """One combination of what was grouped by."""

    values: dict[str, str | None]


class Costs(_Camel):
    """What was spent in a span of UTC days."""

    source: Literal["AI"]
    currency: str
    since: dt.date
    until: dt.date = Field(description="The first day that is not in it.")
    as_of: dt.datetime
    group_by: list[str]
    total: CostSums
    items: list[CostItem]
    next_offset: int | None


@router.get("costs", response={200: Costs, **REFUSALS}, operation_id="costs", by_alias=True, openapi_extra=CSV_TOO)
def costs(
    request: HttpRequest,
    filters: Query[CostFilters],
    source: Literal["AI"] = "AI",
    group_by: Annotated[
        str, Query(alias="groupBy", max_length=100, description=f"Up to four of {', '.join(NAMES)}; with commas.")
    ] = "model",
    days: Days = 30,
    since: Annotated[Day | None, Query(description="First UTC day, instead of days.")] = None,
    until: Annotated[Day | None, Query(description="First UTC day after; without it, tomorrow.")] = None,
    limit: Limit = 100,
    offset: Offset = 0,
    table_format: TableFormat = None,
) -> dict[str, Any] | HttpResponse:
    """What was spent, by any dimensions, the most expensive first: the caller's own, or all that he may see."""
    now = timezone.now()
    span = _span(days, since, until, now)
    seen = caller_of(request).widest
    where = {NAMES[to_camel(name)]: value or None for name, value in filters.model_dump().items() if value is not None}
    groups = _groups(group_by)
    by = [NAMES[name] for name in groups]
    found = breakdown(seen, span, by, where=where, limit=limit + 1, offset=offset)
    lines = found[:limit]
    if wants_csv(request, table_format):
        return _as_csv(span, groups, lines)
    return {
        "source": source,
        "currency": CURRENCY,
        "since": span.since,
        "until": span.until,
        "as_of": now,
        "group_by": groups,
        "total": _sums(totals(seen, span, where)),
        "items": [{"values": _values(groups, line), **_sums(line.figures)} for line in lines],
        "next_offset": offset + limit if len(found) > limit else None,
    }


def _as_csv(span: Span, groups: list[str], lines: list[Line]) -> HttpResponse:
    """Return the table with FOCUS's names for what FOCUS has a name for."""
    columns = ["ChargePeriodStart", "ChargePeriodEnd", "source", *groups, *_SUMS, "BilledCost", "BillingCurrency"]
    rows = []
    for line in lines:
        figures = line.figures
        sums = (
            figures.requests,
            figures.attempts,
            figures.prompt_tokens,
            figures.completion_tokens,
            figures.total_tokens,
        )
        rows.append([span.since, span.until, "AI", *line.values, *sums, amount(figures.cost_usd), CURRENCY])
    return csv_answer("costs", columns, rows)


def _values(groups: list[str], line: Line) -> dict[str, str | None]:
    return {name: value if value is None else str(value) for name, value in zip(groups, line.values, strict=True)}


def _sums(figures: Figures) -> dict[str, Any]:
    return {
        "cost_usd": amount(figures.cost_usd),
        "requests": figures.requests,
        "attempts": figures.attempts,
        "estimated_attempts": figures.estimated,
        "unpriced_attempts": figures.unpriced,
        "prompt_tokens": figures.prompt_tokens,
        "completion_tokens": figures.completion_tokens,
        "total_tokens": figures.total_tokens,
    }


def _groups(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if set(names) - set(NAMES) or len(set(names)) != len(names) or len(names) > MOST_GROUPS:
        message = f"groupBy: give one to {MOST_GROUPS} different ones of {', '.join(NAMES)}."
        raise BadRequest(message, code="invalid_value", param="groupBy")
    return names


def _span(days: int, since: dt.date | None, until: dt.date | None, now: dt.datetime) -> Span:
    if since is None and until is None:
        return Span.last_days(days, now)
    end = until or Span.last_days(1, now).until
    begin = since or end - dt.timedelta(days=days)
    if not 1 <= (end - begin).days <= MOST_DAYS:
        message = f"since and until: give 1 to {MOST_DAYS} days; until is the first day that is not in it."
        raise BadRequest(message, code="invalid_value", param="since")
    return Span(begin, end)
