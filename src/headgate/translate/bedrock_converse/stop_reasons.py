"""Why the model stopped, in the words of Bedrock's Converse format."""

from typing import Final

from headgate.domain.conversation import StopReason

_PARSED: Final = {
    "end_turn": StopReason.END_TURN,
    "tool_use": StopReason.TOOL_USE,
    "max_tokens": StopReason.MAX_TOKENS,
    "stop_sequence": StopReason.STOP_SEQUENCE,
    "model_context_window_exceeded": StopReason.CONTEXT_FULL,
    "guardrail_intervened": StopReason.REFUSAL,
    "content_filtered": StopReason.REFUSAL,
}


def parse_stop_reason(reason: str) -> StopReason:
    """Read a stop reason; one that is unknown means that the turn is over."""
    return _PARSED.get(reason, StopReason.END_TURN)
