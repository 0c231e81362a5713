"""The only place that turns errors into what a client reads, in the envelope of the door that was called."""

import re
from typing import Final, NamedTuple

import msgspec

from headgate.domain.errors import (
    Conflict,
    GatewayError,
    LimitExceeded,
    Refused,
    UpstreamError,
    UpstreamRejected,
    UpstreamResting,
)
from headgate.pipeline.doors import Envelope

_ANTHROPIC_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_GOOGLE_STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    504: "DEADLINE_EXCEEDED",
}
"""Google's own word for an HTTP status (its `google.rpc.Code`)."""
OUTPUT_LIMIT: Final = "max_tokens"
"""What remedies call the limit on the output, until it is known who reads them."""
_REMEDY: Final = re.compile(rf"\b(set|lower) {OUTPUT_LIMIT}\b")
_GOOGLE_TYPE: Final = "type.googleapis.com/google.rpc."
_encode = msgspec.json.Encoder().encode


class Rendered(msgspec.Struct, frozen=True):
    """An error answer."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class _Facts(NamedTuple):
    """What an envelope is filled with."""

    status: int
    type: str
    code: str
    param: str | None
    message: str
    source: str


def render_error(error: GatewayError, envelope: Envelope, request_id: str, *, limit: str = OUTPUT_LIMIT) -> Rendered:
    """Render any error of ours; a fault shows nothing but the id. Remedies name the limit as their reader does."""
    facts = _facts(error)
    if limit != OUTPUT_LIMIT and isinstance(error, Refused):
        facts = facts._replace(message=_REMEDY.sub(rf"\1 {limit}", facts.message))
    told = facts._replace(message=f"{facts.message} (request {request_id})")
    match envelope:
        case Envelope.ANTHROPIC:
            document = _anthropic(told, request_id)
        case Envelope.GEMINI:
            document = _gemini(told, request_id, _retry_after_s(error))
        case Envelope.COHERE:
            document = _cohere(told, request_id)
        case Envelope.AI_REQUEST:
            document = _ai_request(facts, request_id)
        case Envelope.OPENAI:
            document = _openai(told, request_id)
    headers = [
        (b"content-type", b"application/json"),
        (b"x-request-id", request_id.encode()),
        (b"request-id", request_id.encode()),
    ]
    if (wait := _retry_after_s(error)) is not None:
        headers.append((b"retry-after", str(wait).encode()))
    if isinstance(error, LimitExceeded):
        headers += error.headers
    if isinstance(error, UpstreamRejected):
        headers += error.headers
    elif not _should_retry(error):
        headers.append((b"x-should-retry", b"false"))
    return Rendered(facts.status, headers, _encode(document))


def _apart(message: str, code: str) -> tuple[str, str | None]:
    """What a policy found, as the request API's seed has it, and the remedy; another message stays whole."""
    named = message.find(' by policy "') if code == "policy_blocked" else -1
    end = message.find('". ', named + len(' by policy "')) if named >= 0 else -1
    return (message, None) if end < 0 else (message[: end + 1], message[end + 3 :])


def _should_retry(error: GatewayError) -> bool:
    """Whether SDKs may go on as they like: they try 409 and 429 again, also where that cannot help."""
    if isinstance(error, LimitExceeded | UpstreamError):
        return error.should_retry
    return not isinstance(error, Conflict) or error.retry_after_s is not None


def _retry_after_s(error: GatewayError) -> int | None:
    return error.retry_after_s if isinstance(error, (Refused, UpstreamResting)) else None


def _openai(facts: _Facts, request_id: str) -> dict[str, object]:
    return {
        "error": {
            "message": facts.message,
            "type": facts.type,
            "param": facts.param,
            "code": facts.code,
            "source": facts.source,
            "request_id": request_id,
        }
    }


def _anthropic(facts: _Facts, request_id: str) -> dict[str, object]:
    kind = _ANTHROPIC_TYPES.get(facts.status, "api_error")
    return {
        "type": "error",
        "error": {
            "type": kind,
            "message": facts.message,
            "code": facts.code,
            "param": facts.param,
            "source": facts.source,
        },
        "request_id": request_id,
    }


def _cohere(facts: _Facts, request_id: str) -> dict[str, object]:
    return {
        "id": request_id,
        "message": facts.message,
        "code": facts.code,
        "param": facts.param,
        "source": facts.source,
    }


def _ai_request(facts: _Facts, request_id: str) -> dict[str, object]:
    finding, remedy = _apart(facts.message, facts.code)
    return {
        "success": False,
        "error": finding,
        "remedy": remedy,
        "code": facts.code,
        "param": facts.param,
        "source": facts.source,
        "requestId": request_id,
    }


def _gemini(facts: _Facts, request_id: str, retry_after_s: int | None) -> dict[str, object]:
    """Google's envelope: what it has no place for stands in `details`, as Google's own services write it there."""
    told = {"source": facts.source, "request_id": request_id} | ({"param": facts.param} if facts.param else {})
    details: list[dict[str, object]] = [
        {"@type": _GOOGLE_TYPE + "ErrorInfo", "reason": facts.code, "domain": "headgate", "metadata": told}
    ]
    if retry_after_s is not None:
        details.append({"@type": _GOOGLE_TYPE + "RetryInfo", "retryDelay": f"{retry_after_s}s"})
    status = _GOOGLE_STATUSES.get(facts.status, "UNAVAILABLE" if facts.status >= 500 else "FAILED_PRECONDITION")
    return {"error": {"code": facts.status, "message": facts.message, "status": status, "details": details}}


def _facts(error: GatewayError) -> _Facts:
    if isinstance(error, Refused):
        return _Facts(error.status, error.type, error.code, error.param, error.message, "gateway")
    if isinstance(error, UpstreamError):
        message = f"{error.provider}: {error.message}"
        return _Facts(error.status, error.type, error.code, None, message, "provider")
    return _Facts(
        500,
        "api_error",
        "internal_error",
        None,
        "The gateway failed; its operator finds the cause by the id",
        "gateway",
    )
