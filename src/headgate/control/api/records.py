"""Operations: the cost record of each call, newest first."""

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from headgate.control.api.analytics import CSV_TOO, caller_of
from headgate.control.api.parameters import EARLIEST, LATEST, OrganizationName, TableFormat, UserId
from headgate.control.api.rendering import csv_answer, wants_csv
from headgate.control.api.schemas import REFUSALS, Amount, amount
from headgate.control.requestlog.records import Kind, Position, Record, newest_records, record_of
from headgate.domain.errors import BadRequest, NotFound
from headgate.domain.money import NanoUsd, nano_to_usd

router = Router(tags=["requests"])
MOST_RECORDS = 200


class CostRecord(Schema):
    """What a call cost."""

    request_id: str
    occurred_at: dt.datetime
    organization: str
    user_id: str | None
    model: str | None = Field(description="As the caller wrote it.")
    provider: str | None
    endpoint: str
    outcome: str
    status: int | None = Field(description="HTTP status that the client got; null: nobody knows.")
    error: str | None
    latency_ms: float | None
    cost_usd: Amount | None = Field(description="Null: unpriced, or nothing was sent.")
    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None = Field(description="Null: the provider reported none.")
    daily_spend: Amount | None = Field(description="Of its user, on its UTC day, up to now; null: it has no user.")
    monthly_spend: Amount | None
    limit_exceeded: bool = Field(description="A budget refused it, or a budget of its user is spent.")


class CostRecords(Schema):
    """A page of cost records."""

    requests: list[CostRecord]
    next: str | None = Field(description="`before` of the next page.")


@router.get("requests/", response={200: CostRecords, **REFUSALS}, operation_id="requests", openapi_extra=CSV_TOO)
def requests(
    request: HttpRequest,
    user_id: UserId = None,
    organization: OrganizationName = None,
    errors: Annotated[bool, Query(description="Only requests that got no whole answer.")] = False,
    limit: Annotated[int, Query(ge=1, le=MOST_RECORDS)] = 50,
    before: Annotated[str | None, Query(max_length=150, description="`next` of the page before.")] = None,
    table_format: TableFormat = None,
) -> dict[str, Any] | HttpResponse:
    """What each call cost, the newest first: the caller's own, or all that he may see. As JSON or CSV."""
    seen = caller_of(request).user_or_all(user_id, organization)
    position = None if before is None else _position(before)
    found = newest_records(seen, limit=limit + 1, before=position, kind=Kind.FAILED if errors else Kind.ALL)
    records = [_fields(record) for record in found[:limit]]
    if wants_csv(request, table_format):
        columns = list(CostRecord.model_fields)
        return csv_answer("requests", columns, [[record[name] for name in columns] for record in records])
    return {"requests": records, "next": _after(found[limit - 1]) if len(found) > limit else None}


@router.get("requests/{request_id}/", response={200: CostRecord, **REFUSALS}, operation_id="request")
def one_request(request: HttpRequest, request_id: str) -> dict[str, Any]:
    """What one call cost."""
    found = None if "\0" in request_id else record_of(request_id, caller_of(request).widest)
    if found is None:
        raise NotFound("There is no such request that you may see.", code="request_not_found", param="request_id")
    return _fields(found)


def _fields(record: Record) -> dict[str, Any]:
    row = record.row
    return {
        "request_id": row.pk,
        "occurred_at": row.occurred_at,
        "organization": row.organization_id,
        "user_id": row.end_user,
        "model": row.original_model,
        "provider": row.provider,
        "endpoint": row.endpoint,
        "outcome": row.outcome,
        "status": row.status,
        "error": row.error,
        "latency_ms": row.latency_ms,
        "cost_usd": _usd(row.cost_nano),
        "prompt_tokens": row.prompt_tokens,
        "completion_tokens": row.completion_tokens,
        "total_tokens": row.total_tokens,
        "daily_spend": _usd(record.daily_spend),
        "monthly_spend": _usd(record.monthly_spend),
        "limit_exceeded": record.limit_exceeded,
    }


def _usd(figure: int | None) -> Any:
    return None if figure is None else amount(nano_to_usd(NanoUsd(figure)))


def _after(record: Record) -> str:
    return f"{record.row.occurred_at.isoformat()}_{record.row.pk}"


def _position(text: str) -> Position:
    moment, _, request_id = text.partition("_")
    try:
        at = dt.datetime.fromisoformat(moment)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not EARLIEST <= at.date() < LATEST or not request_id or "\0" in request_id:
        raise BadRequest("before is not what `next` said.", code="invalid_value", param="before")
    return Position(at, request_id)
