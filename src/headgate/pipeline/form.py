"""A form that was received: its fields as if they were JSON, and a body that says it again to a provider.

Files are kept outside of memory (`ports.Spool`) and read from there as often as the request is tried.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Final, Protocol

import msgspec

from headgate.domain.errors import BadRequest
from headgate.pipeline.ports import Spool
from headgate.pricing.sound import longest_seconds
from headgate.wire.multipart import MEDIA_TYPE, PartHead, render_end, render_head

_CRLF: Final = b"\r\n"
_FLAGS: Final = frozenset({"stream"})
_COUNTS: Final = frozenset({"n", "partial_images"})
_LONGEST_COUNT: Final = 9

_encode: Final = msgspec.json.Encoder().encode


class Part(msgspec.Struct, frozen=True):
    """One part of a form."""

    head: PartHead
    content: Spool


class Form(msgspec.Struct, frozen=True):
    """A whole form."""

    parts: tuple[Part, ...]
    sha256: str
    """Of names, types and contents: the same form in other boundaries has the same. Hexadecimal."""
    texts: Mapping[str, str]
    """Fields by name."""

    def fields(self) -> dict[str, msgspec.Raw]:
        """The form as the top level of a JSON object would be.

        A file stands there as what is known of it, several of one name as a list. Figures and flags are what they are
        in JSON; what is none stays a text, for whoever checks it.
        """
        fields = {name: msgspec.Raw(_told(name, text)) for name, text in self.texts.items()}
        files: dict[str, list[dict[str, object]]] = {}
        for part in self.parts:
            if part.head.filename is not None:
                files.setdefault(_plain(part.head.name), []).append(_known(part))
        for name, known in files.items():
            fields[name] = msgspec.Raw(_encode(known[0] if len(known) == 1 else known))
        return fields


class Incoming(Protocol):
    """A form that was not read yet: whoever may not ask does not fill a disk."""

    async def form(self) -> Form:
        """Read it to its end.

        Raises:
            BadRequest, TooLarge: it is broken, or over a limit.
            Unavailable: it cannot be kept.
        """
        ...


class FormBody:
    """A form as it goes to a provider; see `ports.StreamedBody`."""

    def __init__(self, form: Form, changes: Mapping[str, str]) -> None:
        """`changes`: fields that are said differently, or in addition."""
        self._boundary = f"headgate-{form.sha256}"
        self._parts: list[tuple[bytes, bytes | Spool]] = []
        for part in form.parts:
            if part.head.filename is not None or part.head.name not in changes:
                self._parts.append((render_head(part.head, self._boundary), part.content))
        for name, text in changes.items():
            self._parts.append((render_head(PartHead(name, None, None), self._boundary), text.encode()))
        self._end = render_end(self._boundary)

    @property
    def content_type(self) -> str:
        """The header that goes with it."""
        return f"{MEDIA_TYPE}; boundary={self._boundary}"

    @property
    def length(self) -> int:
        """Bytes."""
        return sum(len(head) + _size(content) + len(_CRLF) for head, content in self._parts) + len(self._end)

    async def chunks(self) -> AsyncIterator[bytes]:
        """All of it, from the start; may be asked for again."""
        for head, content in self._parts:
            yield head
            if isinstance(content, bytes):
                yield content
            else:
                async for chunk in content.chunks():
                    yield chunk
            yield _CRLF
        yield self._end


class FormHash:
    """Hashes a form while it comes."""

    def __init__(self) -> None:
        self._whole = hashlib.sha256(usedforsecurity=False)

    def begin(self, head: PartHead) -> None:
        """A part begins."""
        self._whole.update(repr(tuple(head)).encode("utf-8", "surrogatepass"))

    def add(self, content: bytes) -> None:
        """Some of its content."""
        self._whole.update(content)

    def end(self, size: int) -> None:
        """The part ended; its size keeps what belongs to one part from counting as another's."""
        self._whole.update(b"/%d/" % size)

    def hexdigest(self) -> str:
        """Of all that came."""
        return self._whole.hexdigest()


def once_at_most(form: Form, name: str) -> None:
    """Refuse a form in which a field is given twice: two readers could read it differently.

    Raises:
        BadRequest: it is.
    """
    if sum([part.head.name == name for part in form.parts]) > 1:
        raise BadRequest(f"{name!r} is given twice.", code="invalid_value", param=name)


def _plain(name: str) -> str:
    return name.removesuffix("[]")


def _known(part: Part) -> dict[str, object]:
    content = part.content
    return {
        "filename": part.head.filename,
        "content_type": part.head.content_type,
        "bytes": content.size,
        "seconds": longest_seconds(content.head, content.size),
    }


def _told(name: str, text: str) -> bytes:
    if name in _FLAGS and text in {"true", "false"}:
        return text.encode()
    if name in _COUNTS and len(text) <= _LONGEST_COUNT and text.isascii() and text.isdecimal():
        return str(int(text)).encode()
    return _encode(text)


def _size(content: bytes | Spool) -> int:
    return len(content) if isinstance(content, bytes) else content.size
