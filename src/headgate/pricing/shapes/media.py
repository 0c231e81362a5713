"""Bodies that ask for images or for speech, and forms that bring sound or images.

What is counted in units of its own comes from the request: images by their number, quality and size, speech by its
characters, sound by the longest that so many bytes can last. A card without such a rate bills tokens.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.usage import Unit
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shapes.fields import integer
from headgate.providers.provider import Provider, UsageQuirk
from headgate.providers.surcharges import surcharge_of

TOKENS_OF_A_PARTIAL_IMAGE: Final = 100
"""OpenAI's image guide: every partial image costs so many more."""
_UNSAID: Final = {"quality": "standard", "size": "1024x1024"}
"""What OpenAI's per-image models take where the request does not say."""


class _File(msgspec.Struct):
    """What is known of a file in a form (`pipeline/form.py`)."""

    bytes: int
    seconds: int


_text: Final = msgspec.json.Decoder(str | None)
_files_decoder: Final = msgspec.json.Decoder(_File | list[_File])


def shape_of_images(fields: Mapping[str, msgspec.Raw], body: bytes, provider: Provider) -> RequestShape:
    """Read the shape of a body that asks for images; see `shape.shape_of`."""
    made = max(integer(fields, "n") or 1, 1)
    return RequestShape(
        body_bytes=len(body),
        choices=made,
        surcharge_tokens=surcharge_of(provider.name).plain,
        modalities=True,
        predicted_tokens=(integer(fields, "partial_images") or 0) * TOKENS_OF_A_PARTIAL_IMAGE * made,
        counted=((Unit.IMAGE, made),),
        tier="/".join(_said(fields, name) or unsaid for name, unsaid in _UNSAID.items()),
    )


def shape_of_speech(fields: Mapping[str, msgspec.Raw], body: bytes, provider: Provider) -> RequestShape:
    """Read the shape of a body whose `input` is spoken; see `shape.shape_of`."""
    return RequestShape(
        body_bytes=len(body),
        surcharge_tokens=surcharge_of(provider.name).plain,
        modalities=True,
        counted=((Unit.CHARACTER, len(_said(fields, "input") or "")),),
    )


def shape_of_transcription(fields: Mapping[str, msgspec.Raw], provider: Provider) -> RequestShape:
    """Read the shape of a form whose `file` is listened to: a model that bills tokens reads its whole window."""
    seconds = sum(file.seconds for file in _files(fields, "file"))
    if UsageQuirk.TEN_SECONDS_AT_LEAST in provider.usage_quirks:
        seconds = max(seconds, 10)
    return RequestShape(
        body_bytes=_texts(fields),
        surcharge_tokens=surcharge_of(provider.name).plain,
        refers_outside=True,
        audio=True,
        counted=((Unit.AUDIO_SECOND, seconds),),
    )


def shape_of_image_edits(fields: Mapping[str, msgspec.Raw], provider: Provider) -> RequestShape:
    """Read the shape of a form that asks for images to be made of those that it brings."""
    given = len(_files(fields, "image")) + len(_files(fields, "mask"))
    return msgspec.structs.replace(shape_of_images(fields, b"", provider), body_bytes=_texts(fields), images=given)


def _files(fields: Mapping[str, msgspec.Raw], name: str) -> list[_File]:
    try:
        found = _files_decoder.decode(fields[name])
    except (KeyError, msgspec.DecodeError):
        return []
    return found if isinstance(found, list) else [found]


def _texts(fields: Mapping[str, msgspec.Raw]) -> int:
    """Bytes of everything that is no file."""
    return sum(memoryview(raw).nbytes for raw in fields.values() if bytes(memoryview(raw)[:1]) not in (b"{", b"["))


def _said(fields: Mapping[str, msgspec.Raw], name: str) -> str | None:
    try:
        return _text.decode(fields[name])
    except (KeyError, msgspec.DecodeError):
        return None
