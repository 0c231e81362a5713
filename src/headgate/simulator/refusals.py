"""Refusals: an HTTP status and the envelope that each provider format puts around it."""

import msgspec

_OPENAI_TYPES = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    403: "permission_error",
    404: "invalid_request_error",
    405: "invalid_request_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
}
_OPENAI_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
_ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_INJECTED_MESSAGES = {
    400: "The simulator was told to find fault with this request.",
    401: "The simulator was told to reject this credential.",
    403: "The simulator was told to forbid this request.",
    404: "The simulator was told to find nothing here.",
    413: "The simulator was told to find this request too large.",
    429: "The simulator was told that its rate limit is reached.",
    500: "The simulator was told to fail.",
    502: "The simulator was told that its gateway is broken.",
    503: "The simulator was told to be unavailable.",
    529: "The simulator was told to be overloaded.",
}


class Refusal(Exception):
    """The simulated provider does not accept a request."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: int | None = None,
        model: str = "",
    ) -> None:
        """Keep what an envelope needs.

        Args:
            status: HTTP status.
            message: one sentence.
            param: OpenAI's name of the field at fault.
            code: OpenAI's machine-readable reason; by status when None.
            retry_after: seconds for the `retry-after` header.
            model: the model asked for, as far as it was read: for the bill.
        """
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = _OPENAI_CODES.get(status) if code is None else code
        self.retry_after = retry_after
        self.model = model


def injected_refusal(status: int, retry_after: int | None) -> Refusal:
    """The refusal that an error knob asks for."""
    if status == 429 and retry_after is None:
        retry_after = 1
    return Refusal(status, _INJECTED_MESSAGES[status], retry_after=retry_after)


def render_openai_error(refusal: Refusal) -> bytes:
    """JSON of OpenAI's envelope; also the payload of an error event in a stream."""
    return msgspec.json.encode(
        {
            "error": {
                "message": refusal.message,
                "type": _OPENAI_TYPES.get(refusal.status, "server_error"),
                "param": refusal.param,
                "code": refusal.code,
            }
        }
    )


def render_anthropic_error(refusal: Refusal, request_id: str | None) -> bytes:
    """JSON of Anthropic's envelope; an error event in a stream has no request id of its own."""
    envelope: dict[str, object] = {
        "type": "error",
        "error": {"type": _ANTHROPIC_TYPES.get(refusal.status, "api_error"), "message": refusal.message},
    }
    if request_id is not None:
        envelope["request_id"] = request_id
    return msgspec.json.encode(envelope)
