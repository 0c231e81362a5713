"""Operation: `/costs`, what was spent by any dimensions, as JSON and CSV, in the words of seed 004."""

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from headgate.control.api.analytics import CSV_TOO, caller_of
from headgate.control.api.cost_query import NAMES, CostQuery
from headgate.control.api.parameters import TableFormat
from headgate.control.api.rendering import csv_answer, wants_csv
from headgate.control.api.schemas import REFUSALS, Amount, amount
from headgate.control.rollups.figures import Figures
from headgate.control.rollups.queries import Line, Span, breakdown, totals

router = Router(tags=["costs"])
CURRENCY = "USD"
_SUMS = ("requests", "attempts", "promptTokens", "completionTokens", "totalTokens")


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
    request: HttpRequest, asked: Query[CostQuery], table_format: TableFormat = None
) -> dict[str, Any] | HttpResponse:
    """What was spent, by any dimensions, the most expensive first: the caller's own, or all that he may see."""
    now = timezone.now()
    span, groups = asked.span(now), asked.groups
    seen = caller_of(request).widest
    by = [NAMES[name] for name in groups]
    found = breakdown(seen, span, by, where=asked.where, latencies=False, limit=asked.limit + 1, offset=asked.offset)
    lines = found[: asked.limit]
    if wants_csv(request, table_format):
        return _as_csv(span, groups, lines)
    return {
        "source": asked.source,
        "currency": CURRENCY,
        "since": span.since,
        "until": span.until,
        "as_of": now,
        "group_by": groups,
        "total": _sums(totals(seen, span, asked.where, latencies=False)),
        "items": [{"values": _values(groups, line), **_sums(line.figures)} for line in lines],
        "next_offset": asked.offset + asked.limit if len(found) > asked.limit else None,
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
