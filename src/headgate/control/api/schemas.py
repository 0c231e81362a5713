"""What answers of the API hold. Amounts are exact: decimal numbers of USD, null where costs are not shown."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field, WithJsonSchema

from headgate.control.rollups.figures import Figures
from headgate.control.rollups.queries import Interval, Point, Span
from headgate.control.tracking import costs_shown

Amount = Annotated[Decimal, WithJsonSchema({"type": "number", "description": "Exact, in USD."})]
Share = Annotated[Decimal, WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]
Percent = Annotated[Decimal, WithJsonSchema({"type": "number", "minimum": 0})]


class ErrorDetail(Schema):
    """Why a call was refused."""

    message: str
    type: str
    param: str | None
    code: str = Field(description="Stable; see the page about errors.")
    source: str
    request_id: str


class Refusal(Schema):
    """Every error of the API."""

    error: ErrorDetail


REFUSALS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404), Refusal)


class Sums(Schema):
    """Sums of requests and of their attempts."""

    cost_usd: Amount | None = Field(description="What attempts with a price cost.")
    requests: int
    errors: int = Field(description="Requests that we let through and that got no whole answer.")
    refused: int = Field(description="Requests that a key, policy, budget or rate limit refused.")
    error_rate: Share | None
    success_rate: Share | None
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    attempts: int
    estimated_attempts: int = Field(description="Booked at their hold.")
    unpriced_attempts: int = Field(description="Without an amount; cost_usd leaves them out.")
    avg_latency_ms: float | None
    p50_latency_ms: float | None = Field(description="Null where latencies are not kept apart.")
    p95_latency_ms: float | None
    p99_latency_ms: float | None


class NamedSums(Sums):
    """One line of a breakdown by one dimension."""

    name: str | None = Field(description="Null: not given.")


class UserSums(Sums):
    """One line of a breakdown by user."""

    organization: str
    user_id: str


class PointOfSeries(Sums):
    """One hour, day or week."""

    start: dt.datetime


class Analytics(Schema):
    """What requests came to in a span of UTC days."""

    days: int
    since: dt.date
    until: dt.date = Field(description="The first day that is not in it.")
    as_of: dt.datetime = Field(description="When it was read; the books are about a tenth of a second behind.")
    total_cost_usd: Amount | None
    total_requests: int
    total_tokens: int
    prompt_tokens: int
    completion_tokens: int
    errors: int
    refused: int
    error_rate: Share | None
    success_rate: Share | None
    avg_cost_usd: Amount | None = Field(description="Per request that was not refused, rounded to nano-USD.")
    avg_latency_ms: float | None
    p50_latency_ms: float | None
    p95_latency_ms: float | None
    p99_latency_ms: float | None
    slow_requests: int | None = Field(description="Over 5 s.")
    attempts: int
    estimated_attempts: int
    unpriced_attempts: int
    by_model: list[NamedSums]
    by_provider: list[NamedSums]
    by_task: list[NamedSums]
    by_endpoint: list[NamedSums]
    interval: Interval
    series: list[PointOfSeries]


class UserAnalytics(Analytics):
    """What one user's requests came to."""

    user_id: str
    organizations: list[str] = Field(description="Ids of the organizations whose rows are in it.")


class SystemAnalytics(Analytics):
    """What everybody's requests came to."""

    by_user: list[UserSums] = Field(description="The ten who spent most.")
    by_organization: list[NamedSums]


def amount(figure: Decimal | None) -> Decimal | None:
    """Return an amount, where costs are shown."""
    return figure if costs_shown() else None


def sums_of(figures: Figures) -> dict[str, Any]:
    """Return the fields of `Sums`."""
    return {
        "cost_usd": amount(figures.cost_usd),
        "requests": figures.requests,
        "errors": figures.errors,
        "refused": figures.refused,
        "error_rate": figures.error_rate,
        "success_rate": figures.success_rate,
        "prompt_tokens": figures.prompt_tokens,
        "completion_tokens": figures.completion_tokens,
        "total_tokens": figures.total_tokens,
        "attempts": figures.attempts,
        "estimated_attempts": figures.estimated,
        "unpriced_attempts": figures.unpriced,
        "avg_latency_ms": figures.avg_latency_ms,
        "p50_latency_ms": figures.percentile_ms(50),
        "p95_latency_ms": figures.percentile_ms(95),
        "p99_latency_ms": figures.percentile_ms(99),
    }


def totals_of(figures: Figures) -> dict[str, Any]:
    """Return the fields of `Analytics` that are sums."""
    sums = sums_of(figures)
    return {
        **sums,
        "total_cost_usd": sums.pop("cost_usd"),
        "total_requests": sums.pop("requests"),
        "avg_cost_usd": amount(figures.cost_per_request_usd),
        "slow_requests": figures.slow,
    }


def span_of(span: Span, now: dt.datetime) -> dict[str, Any]:
    """Return the fields that say what was read, and when."""
    return {"days": (span.until - span.since).days, "since": span.since, "until": span.until, "as_of": now}


def points_of(points: list[Point]) -> list[dict[str, Any]]:
    """Return a series."""
    return [{"start": point.start, **sums_of(point.figures)} for point in points]
