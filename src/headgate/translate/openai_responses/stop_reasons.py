"""Why the model stopped, in the words of OpenAI's Responses format: a status, and what is missing."""

from typing import Final

from headgate.domain.conversation import StopReason

COMPLETED: Final = "completed"
INCOMPLETE: Final = "incomplete"
FAILED: Final = "failed"

_PARSED: Final = {
    "max_output_tokens": StopReason.MAX_TOKENS,
    "max_tokens": StopReason.MAX_TOKENS,
    "content_filter": StopReason.REFUSAL,
}
_RENDERED: Final = {
    StopReason.MAX_TOKENS: "max_output_tokens",
    StopReason.CONTEXT_FULL: "max_output_tokens",
    StopReason.REFUSAL: "content_filter",
}


def parse_stop_reason(status: str | None, incomplete: str | None, *, has_calls: bool, refused: bool) -> StopReason:
    """Read a status.

    Args:
        status: as the wire has it.
        incomplete: the reason beside it; one that is unknown means that the answer was cut.
        has_calls: the answer contains tool calls.
        refused: the text is a refusal.
    """
    if status == INCOMPLETE:
        return _PARSED.get(incomplete or "", StopReason.MAX_TOKENS)
    if has_calls:
        return StopReason.TOOL_USE
    return StopReason.REFUSAL if refused else StopReason.END_TURN


def render_status(reason: StopReason) -> tuple[str, str | None]:
    """(status, what is missing)."""
    missing = _RENDERED.get(reason)
    return (COMPLETED, None) if missing is None else (INCOMPLETE, missing)
