"""What a provider says in an error body, whichever of the shapes in `docs/reference/translation.md` it has."""

from typing import Any, Final, cast

from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode

_LONGEST: Final = 1_000
"""Characters of a message that are shown."""
_NAMES: Final = ("message", "error", "detail", "msg", "error_message", "errors")
"""Where a message may lie, best first."""
_DEEPEST: Final = 5


def error_message(status: int, body: bytes) -> str:
    """The provider's message; where there is none, one sentence with the status. Never raises."""
    try:
        said = _message(decode(body, cast("type[object]", Any), ""), 0)
    except UntranslatableError:
        said = _plain_text(body)
    return said[:_LONGEST] or f"The provider answered with status {status} and no message."


def _message(value: object, depth: int) -> str:
    if isinstance(value, str):
        return value.strip()
    if depth > _DEEPEST:
        return ""
    if isinstance(value, list):
        said = (_message(item, depth + 1) for item in cast("list[object]", value))
        return "; ".join(text for text in said if text)
    if isinstance(value, dict):
        holder = cast("dict[str, object]", value)
        for name in _NAMES:
            if text := _message(holder.get(name), depth + 1):
                return text
    return ""


def _plain_text(body: bytes) -> str:
    text = body.decode("utf-8", "replace").strip()
    if text.startswith(("<", "{", "[")) or "\x00" in text:
        return ""  # A proxy's page, or half a body: nothing that a caller can use.
    return text
