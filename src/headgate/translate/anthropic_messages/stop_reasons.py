"""Why the model stopped, in the words of Anthropic's messages format."""

from typing import Final

from headgate.domain.conversation import StopReason

_RENDERED: Final = {
    StopReason.END_TURN: "end_turn",
    StopReason.MAX_TOKENS: "max_tokens",
    StopReason.CONTEXT_FULL: "model_context_window_exceeded",
    StopReason.TOOL_USE: "tool_use",
    StopReason.STOP_SEQUENCE: "stop_sequence",
    StopReason.REFUSAL: "refusal",
    StopReason.PAUSE_TURN: "pause_turn",
}
_PARSED: Final = {word: reason for reason, word in _RENDERED.items()}


def parse_stop_reason(reason: str) -> StopReason:
    """Read a stop reason; one that is unknown means that the turn is over."""
    return _PARSED.get(reason, StopReason.END_TURN)


def render_stop_reason(reason: StopReason) -> str:
    """Write a stop reason."""
    return _RENDERED[reason]
