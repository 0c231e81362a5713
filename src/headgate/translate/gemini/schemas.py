"""Schemas in the dialect of OpenAPI 3.0 that Gemini's `parameters` and `responseSchema` have -> JSON Schema.

Source: Google's reference of `Schema`. Types may be in capitals, `nullable` stands for a second type, and 64-bit counts
may be text. Every other keyword and every figure stays as it was written.
"""

from typing import Final

import msgspec

from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode, encode, object_text
from headgate.wire.spelling import camel

_COUNTS: Final = frozenset(
    {"maxItems", "minItems", "maxLength", "minLength", "maxProperties", "minProperties", "minimum", "maximum"}
)
_OF_NAMED: Final = frozenset({"properties", "$defs"})
_OF_LISTED: Final = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_OF_ONE: Final = frozenset({"items", "additionalProperties"})
_RENAMED: Final = {"defs": "$defs", "ref": "$ref"}
_DROPPED: Final = frozenset({"nullable", "propertyOrdering"})
_NO_TYPE: Final = "type_unspecified"
_NULL: Final = msgspec.Raw(b"null")
_NULL_SCHEMA: Final = msgspec.Raw(b'{"type":"null"}')


def json_schema(raw: msgspec.Raw, field: str) -> str:
    """JSON Schema, as JSON text.

    Raises:
        UntranslatableError: not an object, or nested too deeply.
    """
    _ = object_text(raw, field)
    try:
        return encode(_schema(raw, field), field).decode()
    except RecursionError as error:
        raise UntranslatableError(field, "is nested too deeply") from error


def _schema(raw: msgspec.Raw, field: str) -> object:
    if not bytes(raw).lstrip().startswith(b"{"):
        return raw
    given = camel(decode(raw, dict[str, msgspec.Raw], field))
    fields = {_RENAMED.get(name, name): value for name, value in given.items()}
    rendered = {name: _keyword(name, value, field) for name, value in fields.items() if name not in _DROPPED}
    if rendered.get("type") == _NO_TYPE:
        del rendered["type"]
    return _nullable(rendered, field) if bytes(fields.get("nullable", b"")).strip() == b"true" else rendered


def _keyword(name: str, value: msgspec.Raw, field: str) -> object:
    path = f"{field}.{name}"
    if name in _OF_NAMED:
        return {key: _schema(part, path) for key, part in decode(value, dict[str, msgspec.Raw], path).items()}
    if name in _OF_LISTED:
        return [_schema(part, path) for part in decode(value, list[msgspec.Raw], path)]
    if name in _OF_ONE:
        return _schema(value, path)
    text = bytes(value).strip()
    if name == "type" and text.startswith(b'"'):
        return decode(value, str, path).lower()
    if name in _COUNTS and text.startswith(b'"') and text[1:-1].isdigit():
        return msgspec.Raw(text[1:-1])
    return value


def _nullable(schema: dict[str, object], field: str) -> dict[str, object]:
    changed = dict(schema)
    if isinstance(kind := schema.get("type"), str):
        changed["type"] = [kind, "null"]
    if isinstance(branches := schema.get("anyOf"), list):
        changed["anyOf"] = [*branches, _NULL_SCHEMA]
    if isinstance(values := schema.get("enum"), msgspec.Raw):
        changed["enum"] = [*decode(values, list[msgspec.Raw], f"{field}.enum"), _NULL]
    return changed
