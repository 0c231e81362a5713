"""Why the model stopped, in the words of OpenAI's chat completions format and of the operators that speak it."""

from typing import Final

from headgate.domain.conversation import StopReason

FAILED: Final = frozenset({"error", "network_error"})
"""Not a reason but a failure: the answer before it is a fragment."""

_PARSED: Final = {
    "stop": StopReason.END_TURN,
    "eos": StopReason.END_TURN,
    "eos_token": StopReason.END_TURN,
    "length": StopReason.MAX_TOKENS,
    "max_tokens": StopReason.MAX_TOKENS,
    "insufficient_system_resource": StopReason.MAX_TOKENS,
    "model_length": StopReason.CONTEXT_FULL,
    "model_context_window_exceeded": StopReason.CONTEXT_FULL,
    "tool_calls": StopReason.TOOL_USE,
    "function_call": StopReason.TOOL_USE,
    "stop_sequence": StopReason.STOP_SEQUENCE,
    "content_filter": StopReason.REFUSAL,
    "refusal": StopReason.REFUSAL,
    "sensitive": StopReason.REFUSAL,
}
_RENDERED: Final = {
    StopReason.END_TURN: "stop",
    StopReason.STOP_SEQUENCE: "stop",
    StopReason.PAUSE_TURN: "stop",
    StopReason.MAX_TOKENS: "length",
    StopReason.CONTEXT_FULL: "length",
    StopReason.TOOL_USE: "tool_calls",
    StopReason.REFUSAL: "content_filter",
}


def parse_stop_reason(reason: str, *, has_calls: bool, refused: bool) -> StopReason:
    """Read a finish reason; one that is unknown means that the turn is over.

    Args:
        reason: as the wire has it.
        has_calls: the answer contains tool calls. (Gemini and others say `stop` all the same.)
        refused: the answer is in the field `refusal`. (OpenAI says `stop` all the same.)
    """
    parsed = _PARSED.get(reason, StopReason.END_TURN)
    if parsed is StopReason.END_TURN and has_calls:
        return StopReason.TOOL_USE
    if parsed is StopReason.END_TURN and refused:
        return StopReason.REFUSAL
    return parsed


def render_stop_reason(reason: StopReason) -> str:
    """Write a finish reason."""
    return _RENDERED[reason]
