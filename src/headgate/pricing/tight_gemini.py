"""What a model reads of a body in Gemini's format: see `tight.py`, whose closer look this is for that format."""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.pricing.shapes.gemini_config import NAME, generation_config
from headgate.pricing.sizes import items_of, members_of, size_beside, size_of, size_of_text, starts_with
from headgate.wire.spelling import camel, camel_case

PER_CONTENT: Final = 8
"""Tokens beside the role: its marks are 4 (Gemma's template)."""
PER_PART: Final = 4
"""Tokens: what stands between two parts."""
PER_TOOL: Final = 16
"""Tokens beside its definition."""

_KNOBS: Final = frozenset(
    {"labels", "model", "safetySettings", "serviceTier", "store", "taskType", "outputDimensionality", "autoTruncate"}
)
"""Fields that steer the provider and that no model reads."""
_SHOWN_CONFIG: Final = ("responseSchema", "responseJsonSchema", "responseMimeType")
"""Of `generationConfig`, what a model may be shown."""
_UNREAD: Final = frozenset({"thought", "partMetadata", "part_metadata", "mediaResolution", "media_resolution"})
_BLOBS: Final = frozenset({"inlineData", "inline_data"})


def size_of_gemini(fields: Mapping[str, msgspec.Raw]) -> int:
    """The most tokens that a model reads of a body, or of one of its requests, beside the pictures in it."""
    size = 0
    for given, raw in fields.items():
        match camel_case(given):
            case "contents" | "systemInstruction" | "content":
                size += sum(_content(each) for each in _objects(raw)) or size_of(raw)
            case "tools":
                size += size_of(raw) + PER_TOOL * sum(_functions(each) for each in _objects(raw))
            case "requests":
                size += sum(size_of_gemini(members_of(each)) for each in _objects(raw)) or size_of(raw)
            case name if name == NAME:
                config = generation_config(fields)
                size += sum(len(shown) + size_of(config[shown]) for shown in _SHOWN_CONFIG if shown in config)
            case name if name not in _KNOBS:
                size += len(given) + size_of(raw)
            case _:
                pass
    return size


def _content(raw: msgspec.Raw) -> int:
    members = members_of(raw)
    parts = members.pop("parts", None)
    if parts is None:
        return PER_CONTENT + size_of(raw)
    size = sum(PER_PART + _part(part) for part in _objects(parts)) or size_of(parts)
    return PER_CONTENT + size + size_beside(raw, members, ("parts", parts))


def _part(raw: msgspec.Raw) -> int:
    members = members_of(raw)
    text = members.pop("text", None)
    if text is not None:
        if not starts_with(text, b'"'):
            return size_of(raw)
        return size_of_text(text) + size_beside(raw, members, ("text", text), unread=_UNREAD)
    if any(_is_picture(value) for name, value in members.items() if name in _BLOBS):
        return size_beside(raw, members, unread=_UNREAD | _BLOBS)
    return size_of(raw)


def _is_picture(blob: msgspec.Raw) -> bool:
    return starts_with(camel(members_of(blob)).get("mimeType", msgspec.Raw()), b'"image/')


def _functions(tool: msgspec.Raw) -> int:
    declared = camel(members_of(tool)).get("functionDeclarations")
    return 1 if declared is None else max(len(_objects(declared)), 1)


def _objects(raw: msgspec.Raw) -> list[msgspec.Raw]:
    """Elements of a list; an object without brackets is a list of one."""
    return [raw] if starts_with(raw, b"{") else items_of(raw)
