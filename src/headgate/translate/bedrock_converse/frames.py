"""The frames of a Converse stream: what kind each is, and what it says when the stream failed."""

from typing import Final

import msgspec

from headgate.translate.error_message import error_message
from headgate.wire.eventstream import Frame

DAMAGED: Final = "The answer is damaged"
_EVENT: Final = "event"


class Failure(msgspec.Struct, frozen=True):
    """A frame that ends the stream with an error."""

    message: str
    kind: str
    """Bedrock's word for it, `throttlingException` say."""


def kind_of(frame: Frame) -> str:
    """The kind of event; empty for a failure."""
    return frame.header(":event-type") if frame.header(":message-type") in {_EVENT, ""} else ""


def failure_of(frame: Frame) -> Failure | None:
    """What went wrong, of a frame that says so: a modelled exception, or an error of the stream itself."""
    if frame.header(":message-type") in {_EVENT, ""}:
        return None
    kind = frame.header(":exception-type") or frame.header(":error-code") or "error"
    said = frame.header(":error-message") or error_message(200, frame.payload)
    return Failure(said, kind)
