"""Objects of Gemini's format, level by level: either spelling of a name, and lists of one written without brackets.

Source: Google's JSON mapping of protocol buffers, which takes `maxOutputTokens` and `max_output_tokens` alike, and what
recorded callers send. Names inside arguments, results and schemas are the caller's own and are left alone.
"""

from typing import Final, TypeVar

import msgspec

from headgate.translate.decoding import decode, is_given, read_fields
from headgate.wire.spelling import camel

T = TypeVar("T")
UNKNOWN: Final = "has no counterpart in the format of this model: leave it out"


def read_object(
    shape: type[T], raw: msgspec.Raw, field: str, *, ignored: frozenset[str] = frozenset(), unknown: str = UNKNOWN
) -> T:
    """Build a shape out of an object in either spelling.

    Raises:
        UntranslatableError: naming the field.
    """
    fields = decode(raw, dict[str, msgspec.Raw], field)
    return read_fields(shape, camel(fields), ignored=ignored, unknown=unknown, field=field)


def items(raw: msgspec.Raw, field: str) -> list[msgspec.Raw]:
    """Elements of a list; an object without brackets is a list of one.

    Raises:
        UntranslatableError: it is neither.
    """
    if not is_given(raw):
        return []
    return [raw] if bytes(raw).lstrip().startswith(b"{") else decode(raw, list[msgspec.Raw], field)
