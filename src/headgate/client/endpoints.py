"""What a gateway has beside its doors: quotes, analytics, the request API. What is asked, and how it is read."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NotRequired, Required, TypedDict
from urllib.parse import urlencode

import msgspec

from headgate.client.errors import AnswerUnreadable, StatusError
from headgate.client.options import Options
from headgate.client.requests import (
    IDEMPOTENCY_HEADER,
    QUOTE_PATH,
    Message,
    Outgoing,
    base_headers,
    labels_of,
)
from headgate.client.results import Usage

AI_REQUEST_PATH: Final = "/api/ai/request"
ANALYTICS_PATH: Final = "/api/v1/ai/analytics"
USAGE_PATH: Final = "/api/v1/ai/usage"

Document = dict[str, Any]
"""Decoded JSON; every number with a point is a `Decimal`."""

_encode = msgspec.json.Encoder().encode
_document = msgspec.json.Decoder(Document, float_hook=Decimal).decode
_METADATA: Final[Mapping[str, str]] = {
    "team_id": "teamId",
    "project_id": "projectId",
    "app_id": "appId",
    "client_id": "clientId",
    "task_type": "taskType",
}


class AiRequest(TypedDict):
    """The arguments of `ai_request`."""

    model: Required[str]
    input: Required[str | Sequence[Message]]
    org_id: NotRequired[str | None]
    """The organization that the caller believes to charge; see `TextRequest`'s `tenant_id`."""
    actor_user_id: NotRequired[str | int | None]
    metadata: NotRequired[Mapping[str, str | None] | None]
    """`team_id`, `project_id`, `app_id`, `client_id`, `task_type`; or the same in camel case."""
    max_tokens: NotRequired[int | None]
    temperature: NotRequired[float | None]
    idempotency_key: NotRequired[str | None]


class AiResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the request API; a refusal is an answer too."""

    success: bool
    content: str | None = None
    error: str | None = None
    """Why not, in a sentence."""
    code: str | None = None
    """Of a refusal: stable, machine-readable."""
    status: int = 200
    estimated_cost_eur: Decimal | None = None
    """What was booked, in euros; None without an exchange rate or a price. It keeps the name that callers know."""
    cost: Decimal | None = None
    """What was booked, exact USD."""
    usage: Usage | None = None
    model: str | None = None
    finish_reason: str | None = None
    request_id: str | None = None
    latency_ms: Decimal | None = None


def document_of(body: bytes) -> Document:
    """Read a JSON object; amounts stay exact.

    Raises:
        AnswerUnreadable: it is none.
    """
    try:
        return _document(body)
    except msgspec.DecodeError as error:
        message = f"The answer is no JSON object ({error}); check base_url."
        raise AnswerUnreadable(message) from error


def ask_quote(body: Mapping[str, Any], labels: Mapping[str, Any], options: Options) -> Outgoing:
    """What a chat completion would cost, and who would decide."""
    headers = base_headers(options) | labels_of(labels) | {"x-headgate-endpoint": "/v1/chat/completions"}
    return Outgoing("POST", QUOTE_PATH, headers, _encode(body), options.timeout_s)


def ask_analytics(what: str, options: Options, **query: str | int | None) -> Outgoing:
    """One of the analytics: `user/`, `system/`, `user/spend-limit/`."""
    return _ask(f"{ANALYTICS_PATH}/{what}", options, query)


def ask_usage(options: Options, *, organization: str | None) -> Outgoing:
    """What an organization has used today, and of which limits."""
    return _ask(USAGE_PATH, options, {"organization": organization})


def _ask(path: str, options: Options, query: Mapping[str, str | int | None]) -> Outgoing:
    given = {name: value for name, value in query.items() if value is not None}
    return Outgoing(
        "GET", path + (f"?{urlencode(given)}" if given else ""), base_headers(options), b"", options.timeout_s
    )


def ask_ai(request: AiRequest, options: Options, *, drawn_key: str) -> Outgoing:
    """Make the call of the request API."""
    asked = request["input"]
    document: Document = {"model": request["model"]}
    document |= {"prompt": asked} if isinstance(asked, str) else {"messages": list(asked)}
    document |= {
        _METADATA.get(name, name): value for name, value in (request.get("metadata") or {}).items() if value is not None
    }
    for name, field in (("actor_user_id", "userId"), ("max_tokens", "maxTokens"), ("temperature", "temperature")):
        if (value := request.get(name)) is not None:
            document[field] = str(value) if field == "userId" else value
    headers = base_headers(options) | labels_of({"tenant_id": request.get("org_id")})
    key = request.get("idempotency_key") or (drawn_key if options.idempotent else None)
    if key is not None:
        headers[IDEMPOTENCY_HEADER] = key
    return Outgoing("POST", AI_REQUEST_PATH, headers, _encode(document), options.timeout_s)


def ai_response(body: bytes) -> AiResponse:
    """Read an answer of the request API."""
    said = document_of(body)
    usage = said.get("usage")
    return AiResponse(
        success=bool(said.get("success")),
        content=said.get("content"),
        estimated_cost_eur=_amount(said.get("estimatedCostEur")),
        cost=_amount(said.get("costUsd")),
        usage=None
        if not usage
        else Usage(
            prompt_tokens=usage["promptTokens"],
            completion_tokens=usage["completionTokens"],
            total_tokens=usage["totalTokens"],
        ),
        model=said.get("model"),
        finish_reason=said.get("finishReason"),
        request_id=said.get("requestId"),
        latency_ms=_amount(said.get("latencyMs")),
    )


def ai_refusal(error: StatusError) -> AiResponse:
    """A refusal as an answer."""
    return AiResponse(
        success=False, error=error.message, code=error.code, status=error.status, request_id=error.request_id
    )


def _amount(value: object) -> Decimal | None:
    """A whole number has no point, and is exact as it is."""
    return value if isinstance(value, Decimal) else Decimal(value) if isinstance(value, int) else None
