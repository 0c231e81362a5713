"""What can go wrong, by whose fault it is.

HeadgateError
├── NotConfigured            no virtual key, or a value that no header can carry
├── ConnectionFailed         the gateway was not reached, or its answer did not arrive
│   └── TimedOut
├── AnswerUnreadable         something answered that is not a Headgate
├── NotReadYet               the result of a stream was asked for before its end
├── StreamBroken             a stream ended before its answer did
├── BatchFailed              some of a batch's requests failed; its results are kept
└── StatusError              the gateway answered with an error: status, code, field, remedy
    ├── BadRequest           400, 405, 413
    │   └── CannotTranslate
    ├── NotAuthenticated     401
    ├── Unpriced             402
    ├── Forbidden            403
    │   └── PolicyBlocked
    ├── NotFound             404
    ├── Conflict             409
    ├── LimitExceeded        429
    │   ├── BudgetExceeded
    │   └── RateLimited
    ├── Unavailable          503
    ├── GatewayFault         500 and whatever else is not known
    └── ProviderError        the provider's fault, with its own status
        └── ProviderTimeout  504
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec

from headgate.client.results import Generation

REMEDIES: Final[Mapping[str, str]] = {
    "empty_body": "Send a JSON object.",
    "invalid_json": "Send valid JSON.",
    "invalid_utf8": "Send UTF-8.",
    "missing_field": "Give the field that is named.",
    "invalid_type": "Mend the field that is named.",
    "invalid_value": "Mend the field that is named.",
    "headers_too_large": "Send fewer or shorter headers.",
    "label_too_long": "Use ids of at most 200 characters.",
    "body_broken": "Send the request again.",
    "invalid_form": "Send multipart/form-data with its files.",
    "answer_store_unavailable": "Try again in a moment: earlier responses cannot be looked up right now.",
    "background_not_supported": "Leave background out, and ask for a stream of a long answer.",
    "cannot_translate": "Leave the field out that is named, or choose a model whose provider has a word for it.",
    "missing_api_key": "Give api_key, or set HEADGATE_API_KEY.",
    "invalid_api_key": "Use a virtual key that is not revoked.",
    "key_expired": "Ask an admin for a new virtual key.",
    "cost_unbounded": "Set max_tokens, or ask an admin for a price card with a context window.",
    "model_unpriced": "Ask an admin for a price card of this model, or choose another model.",
    "organization_disabled": "An admin can switch the gateway on in the organization's settings.",
    "organization_mismatch": "Leave tenant_id out, or use a virtual key of that organization.",
    "scope_not_allowed": "Ask an admin for a virtual key with this scope.",
    "model_not_allowed": "Choose a model that this virtual key allows.",
    "csrf_failed": "Show a virtual key instead of a session.",
    "admins_only": "Ask an administrator, or ask for your own.",
    "no_organization": "An admin can add you to an organization.",
    "ambiguous_user": "Name the organization too.",
    "invalid_host": "Use a name of the installation; the operator lists them in HEADGATE_ALLOWED_HOSTS.",
    "organization_not_found": "Name an organization of yours.",
    "user_not_found": "Name a user who has asked something, or the organization too.",
    "response_not_found": "Send what was said in 'input' instead of naming an earlier response.",
    "request_not_found": "Name a request of yours.",
    "policy_blocked": "Do what the policy allows, or ask an admin to change it.",
    "model_not_found": "Choose one of GET /v1/models.",
    "endpoint_not_supported": "Choose a model of another provider.",
    "no_such_endpoint": "Check base_url: it is the gateway's address without a path.",
    "method_not_allowed": "Check base_url: something else seems to answer.",
    "idempotency_key_in_use": "Wait: the same call still runs.",
    "idempotency_key_reused": "Use a new idempotency_key for another request.",
    "idempotency_outcome_unknown": "Look the first request up in the log; a new idempotency_key may be charged again.",
    "idempotent_answer_not_kept": "The first call was charged; a new idempotency_key is charged again.",
    "body_too_large": "Send less, or ask the operator to raise HEADGATE_MAX_BODY_BYTES or HEADGATE_MAX_UPLOAD_BYTES.",
    "limit_exceeded": "Wait until the budget resets, or ask for a higher one.",
    "rate_limit_exceeded": "Wait retry_after_s seconds, or lower max_tokens.",
    "internal_error": "Tell the operator the request id.",
    "upstream_unreachable": "Try again, or choose a model of another provider.",
    "upstream_broken": "Try again, or choose a model of another provider.",
    "credential_unavailable": "The operator sees to the credential for this provider.",
    "journal_full": "Try again in a moment; the operator sees to the gateway's disk.",
    "key_store_unavailable": "Try again in a moment.",
    "idempotency_store_unavailable": "Try again in a moment.",
    "console_unavailable": "Try again in a moment, or show a virtual key instead of a session.",
    "not_ready": "Try again in a moment.",
    "upload_not_kept": "Try again in a moment.",
    "budget_store_unavailable": "Try again in a moment.",
    "calendar_ended": "Try again in a moment; the operator sees to the control plane.",
    "not_admitting": "Try again: another worker will answer.",
    "deployment_cooling_down": "Wait retry_after_s seconds, or choose another model.",
    "upstream_timeout": "Try again, or choose a model of another provider.",
    "upstream_rejected": "Read what the provider says.",
}
"""Code -> what to do, in a sentence."""


class HeadgateError(Exception):
    """Everything that this client raises on purpose."""

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        """`request_id`: by which the operator finds the request; None: it never had one, or nobody knows it."""
        super().__init__(message)
        self.message = message
        self.request_id = request_id


class NotConfigured(HeadgateError):
    """The call cannot be made as it was asked for; nothing was sent."""


class ConnectionFailed(HeadgateError):
    """The gateway was not reached, or its answer did not arrive."""

    def __init__(self, message: str, *, unsent: bool) -> None:
        """`unsent`: no byte of the request can have arrived, so that nothing was charged."""
        super().__init__(message)
        self.unsent = unsent


class TimedOut(ConnectionFailed):
    """The gateway was silent for too long."""


class AnswerUnreadable(HeadgateError):
    """Something answered that is not a Headgate; check `base_url`."""


class NotReadYet(HeadgateError):
    """The result of a stream is asked for before its end."""

    def __init__(self) -> None:
        """There is one reason."""
        super().__init__("Read the stream to its end first: its cost is known only there.")


class StreamBroken(HeadgateError):
    """A stream ended before its answer did: what was read is not whole. What it cost is booked."""

    def __init__(self, message: str, *, request_id: str | None = None, code: str | None = None) -> None:
        """`code`: stable, when the gateway said why."""
        super().__init__(message, request_id=request_id)
        self.code = code


class BatchFailed(HeadgateError):
    """Some requests of a batch failed. What the others got is kept, for it was paid for."""

    def __init__(self, results: Sequence[Generation | HeadgateError]) -> None:
        """`results`: for each request, in order, its result or its error."""
        failed = [each for each in results if isinstance(each, HeadgateError)]
        super().__init__(f"{len(failed)} of {len(results)} requests failed; the first: {failed[0].message}")
        self.results = tuple(results)


class StatusError(HeadgateError):
    """The gateway answered with an error."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        field: str | None = None,
        source: str = "gateway",
        request_id: str | None = None,
        retry_after_s: float | None = None,
        should_retry: bool | None = None,
    ) -> None:
        """Keep what the gateway said.

        Args:
            message: one sentence, as it came.
            status: HTTP status.
            code: stable, machine-readable reason.
            field: of the request, that is at fault.
            source: whose fault it was: `gateway` or `provider`.
            request_id: by which the operator finds the request.
            retry_after_s: seconds after which the same request may succeed.
            should_retry: whether the gateway wants the request again; None: it does not say.
        """
        super().__init__(message, request_id=request_id)
        self.status = status
        self.code = code
        self.field = field
        self.source = source
        self.retry_after_s = retry_after_s
        self.should_retry = should_retry

    @property
    def remedy(self) -> str | None:
        """What to do, in a sentence; None where only the message knows."""
        return REMEDIES.get(self.code or "")


class BadRequest(StatusError):
    """The request is at fault; `field` says where."""


class CannotTranslate(BadRequest):
    """The provider speaks another format, which has no word for `field`."""


class NotAuthenticated(StatusError):
    """No virtual key, or one that is unknown, revoked or expired."""


class Unpriced(StatusError):
    """The cost of the request has no bound."""


class Forbidden(StatusError):
    """The virtual key or its organization may not."""


class PolicyBlocked(Forbidden):
    """A policy objects; the message names it."""


class NotFound(StatusError):
    """No such model or endpoint."""


class Conflict(StatusError):
    """The idempotency key is in use, or was used."""


class LimitExceeded(StatusError):
    """A budget or a rate limit."""


class BudgetExceeded(LimitExceeded):
    """A budget has no room for the request; the message says which, and when it resets."""


class RateLimited(LimitExceeded):
    """Too many requests or tokens in a minute."""


class Unavailable(StatusError):
    """The gateway cannot look up or record right now, so it does not spend."""


class GatewayFault(StatusError):
    """The gateway's own fault."""


class ProviderError(StatusError):
    """The provider's fault, or the network's on the way to it."""


class ProviderTimeout(ProviderError):
    """The provider did not answer in time; it may have billed."""


_BY_CODE: Final[Mapping[str, type[StatusError]]] = {
    "cannot_translate": CannotTranslate,
    "policy_blocked": PolicyBlocked,
    "limit_exceeded": BudgetExceeded,
    "rate_limit_exceeded": RateLimited,
}
_BY_STATUS: Final[Mapping[int, type[StatusError]]] = {
    400: BadRequest,
    401: NotAuthenticated,
    402: Unpriced,
    403: Forbidden,
    404: NotFound,
    405: BadRequest,
    409: Conflict,
    413: BadRequest,
    429: LimitExceeded,
    503: Unavailable,
}
_SHOWN: Final = 200
"""Characters of a body that is no error of ours."""


def status_error(status: int, headers: Mapping[str, str], body: bytes) -> StatusError:
    """Make the error of an answer.

    Args:
        status: 400 or more.
        headers: of the answer; names are looked up in lower case.
        body: OpenAI's envelope where it is ours or an OpenAI-compatible provider's; anything else is shown as it is.
    """
    said = _said(body)
    answered = "x-headgate-provider" in headers or "x-headgate-deployment" in headers
    source = _text(said.get("source")) or ("provider" if answered else "gateway")
    code = _text(said.get("code"))
    shown = body[:_SHOWN].decode("utf-8", "replace").strip()
    kind = _kind(status, code, source)
    return kind(
        _text(said.get("message")) or f"HTTP {status}{f': {shown}' if shown else ''}",
        status=status,
        code=code,
        field=_text(said.get("param")),
        source=source,
        request_id=headers.get("x-request-id"),
        retry_after_s=retry_after(headers),
        should_retry=_flag(headers.get("x-should-retry")),
    )


def stream_error(said: Mapping[str, Any], request_id: str | None) -> StreamBroken:
    """Make the error of an error event."""
    message = _text(said.get("message")) or "The stream ended in an error."
    return StreamBroken(message, request_id=request_id, code=_text(said.get("code")))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the answer asks to wait; None where it does not say, or says it as a date."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            wait = float(headers.get(name, "")) * scale
        except ValueError:
            continue
        if 0 <= wait < float("inf"):
            return wait
    return None


def _kind(status: int, code: str | None, source: str) -> type[StatusError]:
    if source == "provider":
        return ProviderTimeout if status == 504 else ProviderError
    return _BY_CODE.get(code or "") or _BY_STATUS.get(status, GatewayFault)


def _said(body: bytes) -> Mapping[str, Any]:
    """What stands under `error`; nothing where the body has none."""
    try:
        document = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    said = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    error = said.get("error")
    if isinstance(error, str):
        # The request API's envelope: what is known of the error stands beside its sentence.
        return said | {"message": error}
    return cast("dict[str, Any]", error) if isinstance(error, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _flag(value: str | None) -> bool | None:
    return {"true": True, "false": False}.get(value or "")
