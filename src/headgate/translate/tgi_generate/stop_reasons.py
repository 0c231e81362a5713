"""Why the model stopped, in the words of Text Generation Inference."""

from typing import Final

from headgate.domain.conversation import StopReason

_PARSED: Final = {
    "eos_token": StopReason.END_TURN,
    "length": StopReason.MAX_TOKENS,
    "stop_sequence": StopReason.STOP_SEQUENCE,
}


def parse_stop_reason(reason: str | None) -> StopReason:
    """Read a finish reason; one that is unknown, or was not told, means that the turn is over."""
    return _PARSED.get(reason or "", StopReason.END_TURN)
