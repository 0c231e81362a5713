"""Why the model stopped, in the words of Gemini's format."""

from typing import Final

from headgate.domain.conversation import StopReason

MALFORMED: Final = "MALFORMED_FUNCTION_CALL"
FAILED: Final = frozenset(
    {
        MALFORMED,
        "MALFORMED_RESPONSE",
        "MISSING_THOUGHT_SIGNATURE",
        "NO_IMAGE",
        "TOO_MANY_TOOL_CALLS",
        "UNEXPECTED_TOOL_CALL",
    }
)
"""Not a reason but a failure: the answer before it is a fragment."""

_NUMBERS: Final = {1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY", 4: "RECITATION", 5: "OTHER"}
"""In Google's binary protocol, as far as its two interfaces agree."""
_PARSED: Final = {
    "STOP": StopReason.END_TURN,
    "MAX_TOKENS": StopReason.MAX_TOKENS,
    **dict.fromkeys(
        (
            "BLOCKLIST",
            "IMAGE_PROHIBITED_CONTENT",
            "IMAGE_RECITATION",
            "IMAGE_SAFETY",
            "JAILBREAK",
            "LANGUAGE",
            "MODEL_ARMOR",
            "PROHIBITED_CONTENT",
            "RECITATION",
            "SAFETY",
            "SPII",
        ),
        StopReason.REFUSAL,
    ),
}
_RENDERED: Final = {
    StopReason.END_TURN: "STOP",
    StopReason.STOP_SEQUENCE: "STOP",
    StopReason.PAUSE_TURN: "STOP",
    StopReason.TOOL_USE: "STOP",
    StopReason.MAX_TOKENS: "MAX_TOKENS",
    StopReason.CONTEXT_FULL: "MAX_TOKENS",
    StopReason.REFUSAL: "SAFETY",
}


def reason_word(written: str | int | None) -> str:
    """A reason as its word; empty where there is none."""
    if isinstance(written, int):
        return _NUMBERS.get(written, "OTHER") if written else ""
    return "" if written in {None, "FINISH_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED"} else written or ""


def parse_stop_reason(word: str, *, has_calls: bool) -> StopReason:
    """Read a finish reason; one that is unknown means that the turn is over. The format says STOP beside calls too."""
    parsed = _PARSED.get(word, StopReason.END_TURN)
    return StopReason.TOOL_USE if parsed is StopReason.END_TURN and has_calls else parsed


def render_stop_reason(reason: StopReason) -> str:
    """Write a finish reason."""
    return _RENDERED[reason]
