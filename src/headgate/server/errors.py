"""The only place that turns errors into what a client reads, in the envelope of the door that was called."""

from typing import Final

import msgspec

from headgate.domain.errors import Conflict, GatewayError, LimitExceeded, Refused, UpstreamError, UpstreamRejected, UpstreamResting
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
_encode = msgspec.json.Encoder().encode


class Rendered(msgspec.Struct, frozen=True):
    """An error answer."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def render_error(error: GatewayError, envelope: Envelope, request_id: str) -> Rendered:
    """Render any error of ours; a fault shows nothing but the request id."""
    status, type_, code, param, message, source = _facts(error)
    plain = message
    message = f"{message} (request {request_id})"
    if envelope is Envelope.AI_REQUEST:
        finding, remedy = _apart(plain, code)
        document: dict[str, object] = {
            "success": False,
            "error": finding,
            "remedy": remedy,
            "code": code,
            "param": param,
            "source": source,
            "requestId": request_id,
        }
    elif envelope is Envelope.ANTHROPIC:
        kind = _ANTHROPIC_TYPES.get(status, "api_error")
        document = {
            "type": "error",
            "error": {"type": kind, "message": message, "code": code, "param": param, "source": source},
            "request_id": request_id,
        }
    else:
        document = {
            "error": {
                "message": message,
                "type": type_,
                "param": param,
                "code": code,
                "source": source,
                "request_id": request_id,
            }
        }
    headers = [
        (b"content-type", b"application/json"),
        (b"x-request-id", request_id.encode()),
        (b"request-id", request_id.encode()),
    ]
    if isinstance(error, (Refused, UpstreamResting)) and error.retry_after_s is not None:
        headers.append((b"retry-after", str(error.retry_after_s).encode()))
    if isinstance(error, LimitExceeded):
        headers += error.headers
    if isinstance(error, UpstreamRejected):
        headers += error.headers
    elif not _should_retry(error):
        headers.append((b"x-should-retry", b"false"))
    return Rendered(status, headers, _encode(document))


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


def _facts(error: GatewayError) -> tuple[int, str, str, str | None, str, str]:
    if isinstance(error, Refused):
        return error.status, error.type, error.code, error.param, error.message, "gateway"
    if isinstance(error, UpstreamError):
        message = f"{error.provider}: {error.message}"
        return error.status, error.type, error.code, None, message, "provider"
    return (
        500,
        "api_error",
        "internal_error",
        None,
        "The gateway failed; its operator finds the cause by the id",
        "gateway",
    )
