"""How a request or an attempt ended: closed lists."""

from enum import StrEnum


class Outcome(StrEnum):
    """How one attempt, or one request as a whole, ended."""

    OK = "ok"
    """The provider answered to the end and reported usage."""
    ESTIMATED = "estimated"
    """The provider may have billed, but its usage is unknown: booked at the hold."""
    REJECTED = "rejected"
    """The provider refused before any work (a 4xx or an overload): reached, and provably unbilled."""
    UNREACHED = "unreached"
    """No byte of the request can have reached the provider: no cost event."""
    REFUSED = "refused"
    """Our own decision, before anything was sent."""
    FAULT = "fault"
    """Our own fault."""
