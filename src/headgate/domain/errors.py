"""The error tree. Its classes say whose fault it was; only `server/errors.py` renders them.

GatewayError
├── Refused                our decision, safe to show
│   ├── BadRequest         400  the caller's body or parameter
│   ├── NotAuthenticated   401  no key, unknown, revoked or expired key
│   ├── Unpriced           402  a cost that cannot be bounded
│   ├── Forbidden          403  the key or organisation may not
│   ├── NotFound           404  no such route or model
│   ├── NotAllowed         405  no such method at this path
│   ├── Conflict           409  an idempotency key in use, or used for another body
│   ├── TooLarge           413  body over the limit
│   ├── LimitExceeded      429  a budget or a rate limit
│   └── Unavailable        503  we cannot record or cannot look up: retry later
├── UpstreamError          theirs: provider, status, retryable, billed?
│   ├── UpstreamUnreachable 502 no connection: provably unbilled
│   │   └── UpstreamUnsigned    no credential to show it: not sent
│   ├── UpstreamTimeout     504 no answer in time: may be billed
│   ├── UpstreamBroken      502 the answer broke off or cannot be read
│   │   └── UpstreamUnsayable   it came whole, and cannot be said in the client's format
│   ├── UpstreamResting     503 not asked at all: it failed too often a moment ago
│   └── UpstreamRejected    the provider's own status and body
└── Fault                  500  ours, details never shown
"""

from collections.abc import Sequence
from typing import ClassVar


class GatewayError(Exception):
    """Everything that Headgate raises on purpose."""


class Refused(GatewayError):
    """Our decision, with a reason that the caller may read."""

    status: ClassVar[int] = 400
    type: ClassVar[str] = "invalid_request_error"

    def __init__(self, message: str, *, code: str, param: str | None = None, retry_after_s: int | None = None) -> None:
        """Keep what the caller needs.

        Args:
            message: one sentence naming the field and the remedy.
            code: stable machine-readable reason, for example `model_not_found`.
            param: the request field at fault, if one is.
            retry_after_s: seconds after which the same request may succeed.
        """
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.retry_after_s = retry_after_s


class BadRequest(Refused):
    """The caller's body or parameter."""


class NotAuthenticated(Refused):
    """No key, or one that is unknown, revoked or expired."""

    status = 401
    type = "authentication_error"


class Unpriced(Refused):
    """The cost of the request cannot be bounded."""

    status = 402
    type = "billing_error"


class Forbidden(Refused):
    """The key or its organisation may not do this."""

    status = 403
    type = "permission_error"


class NotFound(Refused):
    """No such route or model."""

    status = 404
    type = "not_found_error"


class NotAllowed(Refused):
    """The endpoint exists, but not for this method."""

    status = 405
    type = "invalid_request_error"


class Conflict(Refused):
    """The same idempotency key is in use, or was used for something else."""

    status = 409
    type = "conflict_error"


class LimitExceeded(Refused):
    """Over a budget or a rate limit.

    SDKs retry 429 on their own; `should_retry` False says `x-should-retry: false`: a budget does not refill so soon.
    """

    status = 429
    type = "rate_limit_error"

    def __init__(
        self,
        message: str,
        *,
        code: str,
        param: str | None = None,
        retry_after_s: int | None = None,
        should_retry: bool = True,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        """As `Refused`; `should_retry` False keeps SDKs from trying again, `headers` say how the limit stands."""
        super().__init__(message, code=code, param=param, retry_after_s=retry_after_s)
        self.should_retry = should_retry
        self.headers = headers


class TooLarge(Refused):
    """The body is over the limit."""

    status = 413
    type = "request_too_large"


class Unavailable(Refused):
    """We cannot look up or cannot record, so we do not spend."""

    status = 503
    type = "overloaded_error"


class UpstreamError(GatewayError):
    """The provider's fault, or the network's on the way to it."""

    status: int = 502
    type: ClassVar[str] = "upstream_error"
    code: ClassVar[str] = "upstream_error"
    should_retry: bool = True
    """False keeps SDKs from asking again what we have asked again already."""

    def __init__(self, message: str, *, provider: str, unbilled: bool) -> None:
        """Say whose fault it was, and whether it can have cost anything.

        Args:
            message: one sentence, safe to show.
            provider: the operator's name.
            unbilled: True only when the provider provably charged nothing.
        """
        super().__init__(message)
        self.message = message
        self.provider = provider
        self.unbilled = unbilled


class UpstreamUnreachable(UpstreamError):
    """No connection: no byte of the request left."""

    code = "upstream_unreachable"

    def __init__(self, message: str, *, provider: str, unbilled: bool = True, timed_out: bool = False) -> None:
        """As `UpstreamError`; `timed_out`: there was no refusal either, and the next request would wait as long."""
        super().__init__(message, provider=provider, unbilled=unbilled)
        self.timed_out = timed_out


class UpstreamUnsigned(UpstreamUnreachable):
    """There is no credential to sign with, or it could not be fetched: nothing was sent."""

    code = "credential_unavailable"


class UpstreamTimeout(UpstreamError):
    """No answer in time; the provider may still bill."""

    status = 504
    code = "upstream_timeout"


class UpstreamBroken(UpstreamError):
    """The answer broke off, or cannot be read."""

    code = "upstream_broken"


class UpstreamUnsayable(UpstreamBroken):
    """The answer came, and cannot be said in the client's format. Another one would be paid too."""

    should_retry = False


class UpstreamResting(UpstreamError):
    """Nothing was sent: every deployment for this model failed too often a moment ago."""

    status = 503
    code = "deployment_cooling_down"

    def __init__(self, message: str, *, provider: str, retry_after_s: int) -> None:
        """As `UpstreamError`; `retry_after_s`: when the next request will be let through."""
        super().__init__(message, provider=provider, unbilled=True)
        self.retry_after_s = retry_after_s


class UpstreamRejected(UpstreamError):
    """The provider answered with an error; its status and body are kept."""

    code = "upstream_rejected"

    def __init__(self, message: str, *, provider: str, unbilled: bool, status: int, body: bytes) -> None:
        """As `UpstreamError`, with the provider's `status` and raw `body`."""
        super().__init__(message, provider=provider, unbilled=unbilled)
        self.status = status
        self.body = body
        self.headers: Sequence[tuple[bytes, bytes]] = ()
        """What the client is told beside it, when the body is not for its eyes."""


class Fault(GatewayError):
    """Ours. Logged in full, shown as nothing but the request id."""
