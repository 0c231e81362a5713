"""Whom a body asks to be charged to, in the words of its own format: `user`, `metadata` and `labels`.

Precedence, highest first: fields locked on the key, `x-headgate-*` headers, the body, the key's defaults.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.errors import BadRequest
from headgate.domain.formats import Format
from headgate.domain.principal import Attribution

MAX_LABEL_CHARS: Final = 200
_IN_METADATA: Final = ("user", "team", "project", "app", "client", "agent", "task")
_USER_FIELDS: Final = ("user", "safety_identifier")
_ANTHROPIC: Final = frozenset({Format.ANTHROPIC_MESSAGES, Format.ANTHROPIC_COUNT_TOKENS})
_GEMINI: Final = frozenset(
    {
        Format.GEMINI,
        Format.GEMINI_COUNT_TOKENS,
        Format.GEMINI_EMBED_CONTENT,
        Format.GEMINI_BATCH_EMBED_CONTENTS,
    }
)

_metadata_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text_decoder: Final = msgspec.json.Decoder(str)


def asked_in_body(format: Format, fields: Mapping[str, msgspec.Raw]) -> Mapping[str, str]:  # noqa: A002 - the noun of the domain
    """Read attribution fields out of a body; what is not a text is the provider's to judge.

    Raises:
        BadRequest: a label that is too long.
    """
    asked: dict[str, str] = {}
    if "metadata" in fields:
        names = ("user_id",) if format in _ANTHROPIC else _IN_METADATA
        for name, value in _texts(fields["metadata"], names).items():
            asked["user" if name == "user_id" else name] = _label(f"metadata.{name}", value)
    if format in _GEMINI and "labels" in fields:
        for name, value in _texts(fields["labels"], _IN_METADATA).items():
            asked[name] = _label(f"labels.{name}", value)
    if format not in _ANTHROPIC:
        for name in _USER_FIELDS:
            if name in fields and (user := _text(fields[name])):
                asked["user"] = _label(name, user)
                break
    return asked


def merged(asked: Attribution, in_body: Mapping[str, str]) -> Attribution:
    """What the headers ask for, and where they say nothing what the body does."""
    missing = {name: value for name, value in in_body.items() if getattr(asked, name) is None}
    return msgspec.structs.replace(asked, **missing) if missing else asked


def _texts(raw: msgspec.Raw, names: tuple[str, ...]) -> dict[str, str]:
    try:
        members = _metadata_decoder.decode(raw)
    except msgspec.DecodeError:
        return {}
    return {name: text for name in names if name in members and (text := _text(members[name]))}


def _text(raw: msgspec.Raw) -> str | None:
    try:
        return _text_decoder.decode(raw)
    except msgspec.DecodeError:
        return None


def _label(name: str, value: str) -> str:
    if len(value) > MAX_LABEL_CHARS:
        message = f"{name!r} is longer than {MAX_LABEL_CHARS} characters."
        raise BadRequest(message, code="label_too_long", param=name)
    if "\0" in value:
        raise BadRequest(f"{name!r} contains a NUL character.", code="invalid_value", param=name)
    return value
