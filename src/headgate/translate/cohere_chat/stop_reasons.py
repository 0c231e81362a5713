"""Why the model stopped, in Cohere's words."""

from typing import Final

from headgate.domain.conversation import StopReason

FAILED: Final = frozenset({"ERROR", "TIMEOUT", "ERROR_TOXIC", "ERROR_LIMIT", "USER_CANCEL"})
"""Not a reason but a failure: the answer before it is a fragment."""

_PARSED: Final = {
    "COMPLETE": StopReason.END_TURN,
    "STOP_SEQUENCE": StopReason.STOP_SEQUENCE,
    "MAX_TOKENS": StopReason.MAX_TOKENS,
    "TOOL_CALL": StopReason.TOOL_USE,
}


def parse_stop_reason(reason: str, *, has_calls: bool) -> StopReason:
    """Read a finish reason; one that is unknown means that the turn is over, or that tools are to be run."""
    parsed = _PARSED.get(reason, StopReason.END_TURN)
    return StopReason.TOOL_USE if parsed is StopReason.END_TURN and has_calls else parsed
