"""Bytes of JSON -> typed shapes, with errors that name the field. Nothing else leaves this module."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeVar, cast

import msgspec

from headgate.translate.codec import UntranslatableError

T = TypeVar("T")

ABSENT: Final = msgspec.Raw(b"null")
"""Default of a raw field. (A union of Raw and None does not exist.)"""


def is_given(raw: msgspec.Raw) -> bool:
    """Whether a raw field holds anything."""
    return bytes(raw).strip() != b"null"


@cache
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


def decode(raw: bytes | msgspec.Raw, shape: type[T], field: str) -> T:
    """Decode JSON of any origin.

    Raises:
        UntranslatableError: malformed, too deep, or of another shape; `field` is what the path begins with.
    """
    return cast("T", _decode(raw, shape, field))


def read_fields(
    shape: type[T], fields: Mapping[str, msgspec.Raw], *, ignored: frozenset[str], unknown: str, field: str = ""
) -> T:
    """Build a request shape out of a body that is decoded at its top level only.

    Args:
        shape: a Struct whose fields have the names of the wire.
        fields: name -> raw value; null counts as not given.
        ignored: names that are known and left out.
        unknown: what to tell the caller about any other name.
        field: what paths begin with, for an object that is not the body itself.

    Raises:
        UntranslatableError: a field is unknown, missing, or of another shape.
    """
    known = _fields_of(shape)
    values: dict[str, Any] = {}
    for name, raw in fields.items():
        if name in ignored or not is_given(raw):
            continue
        path = f"{field}.{name}" if field else name
        known_field = known.get(name)
        if known_field is None:
            raise UntranslatableError(path, unknown)
        values[known_field.name] = _decode(raw, known_field.type, path)
    try:
        return shape(**values)
    except TypeError:
        missing = next(f.encode_name for f in known.values() if f.required and f.name not in values)
        raise UntranslatableError(f"{field}.{missing}" if field else missing, "is required") from None


@cache
def _fields_of(shape: type[Any]) -> dict[str, msgspec.structs.FieldInfo]:
    return {info.encode_name: info for info in msgspec.structs.fields(shape)}


def _decode(raw: bytes | msgspec.Raw, shape: Any, field: str) -> Any:
    try:
        return _decoder(shape).decode(raw)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        raise UntranslatableError(_join(field, path.rstrip("`")), _reason(message)) from error
    except (ValueError, RecursionError) as error:
        raise UntranslatableError(field, "is not JSON that can be read") from error


def _reason(message: str) -> str:
    """A kind of content or of speaker that no shape has is the commonest finding, and needs words of its own."""
    value = message.removeprefix("Invalid value ")
    return message if value == message else f"{value} has no counterpart in the other format"


def _join(field: str, path: str) -> str:
    rest = path.removeprefix("$")
    return field + rest if field else rest.removeprefix(".") or "body"


def object_text(raw: bytes | msgspec.Raw, field: str) -> str:
    """Text of a JSON object: every number and escape as it was written, without white space between them.

    Raises:
        UntranslatableError: not an object, or not JSON that can be read.
    """
    try:
        text = msgspec.json.format(bytes(raw), indent=-1).decode()
    except (ValueError, RecursionError) as error:
        raise UntranslatableError(field, "is not JSON that can be read") from error
    if not text.startswith("{"):
        raise UntranslatableError(field, "must be an object")
    return text


def embed_object(text: str, field: str) -> msgspec.Raw:
    """JSON text of an object -> a value that encodes as that very text.

    Raises:
        UntranslatableError: the text is not a JSON object.
    """
    _ = decode(text.encode("utf-8", "replace"), dict[str, msgspec.Raw], field)
    return msgspec.Raw(text.encode())


def encode(value: object, field: str) -> bytes:
    """Encode what a renderer built.

    Raises:
        UntranslatableError: a value that JSON cannot hold.
    """
    try:
        return msgspec.json.encode(value)
    except (ValueError, OverflowError, RecursionError, TypeError) as error:
        raise UntranslatableError(field, "holds a value that JSON cannot") from error
