"""A form as it comes in at a door: read part by part, files kept outside of memory."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from headgate.domain.errors import BadRequest, TooLarge
from headgate.pipeline.form import Form, FormHash, Part
from headgate.pipeline.ports import Spool
from headgate.server.exchange import Exchange
from headgate.server.http import IncomingBody
from headgate.wire.multipart import FormError, FormReader, PartHead

MAX_FIELD_BYTES: Final = 1024 * 1024
"""Of everything in a form that is no file, together."""


class IncomingForm:
    """See `form.Incoming`."""

    def __init__(self, incoming: IncomingBody, content_type: str, open_spool: Callable[[], Spool]) -> None:
        """Read nothing yet."""
        self._incoming = incoming
        self._content_type = content_type
        self._open_spool = open_spool

    async def form(self) -> Form:
        """Read it to its end.

        Raises:
            BadRequest: it is no form, or broken.
            TooLarge: over a limit.
            Unavailable: it cannot be kept.
        """
        try:
            reader = FormReader(self._content_type)
            collector = _Collector(self._open_spool)
            async for chunk in self._incoming.chunks():
                for event in reader.feed(chunk):
                    await collector.take(event)
            reader.finish()
        except FormError as error:
            message = f"The body is no form: {error}. Send multipart/form-data."
            raise BadRequest(message, code="invalid_form") from error
        return await collector.form()


class Reception(msgspec.Struct, frozen=True, kw_only=True):
    """How much is read of a request, and where it is kept."""

    max_body_bytes: int
    """Of a body in one piece, which is kept in memory."""
    max_upload_bytes: int
    """Of a form."""
    open_spool: Callable[[], Spool]

    def body(self, exchange: Exchange, headers: Mapping[str, str], *, form: bool) -> IncomingBody:
        """What comes, unread."""
        return IncomingBody(exchange, headers, self.max_upload_bytes if form else self.max_body_bytes)

    def form(self, incoming: IncomingBody, headers: Mapping[str, str]) -> IncomingForm:
        """The form that comes, unread."""
        return IncomingForm(incoming, headers.get("content-type", ""), self.open_spool)


class _Collector:
    """Puts parts together."""

    def __init__(self, open_spool: Callable[[], Spool]) -> None:
        self._open_spool = open_spool
        self._hash = FormHash()
        self._parts: list[Part] = []
        self._head: PartHead | None = None
        self._content: Spool | None = None
        self._text_bytes = 0

    async def take(self, event: PartHead | bytes | None) -> None:
        if isinstance(event, PartHead):
            self._head, self._content = event, self._open_spool()
            self._hash.begin(event)
        elif event is None:
            assert self._head is not None
            assert self._content is not None
            self._hash.end(self._content.size)
            self._parts.append(Part(self._head, self._content))
        else:
            await self._add(event)

    async def _add(self, content: bytes) -> None:
        assert self._head is not None
        assert self._content is not None
        if self._head.filename is None:
            self._text_bytes += len(content)
            if self._text_bytes > MAX_FIELD_BYTES:
                message = f"The form has over {MAX_FIELD_BYTES} bytes beside its files, the most that is read."
                raise TooLarge(message, code="body_too_large", param=self._head.name)
        self._hash.add(content)
        await self._content.write(content)

    async def form(self) -> Form:
        texts = {part.head.name: await _text(part) for part in self._parts if part.head.filename is None}
        return Form(tuple(self._parts), self._hash.hexdigest(), texts)


async def _text(part: Part) -> str:
    try:
        return b"".join([chunk async for chunk in part.content.chunks()]).decode()
    except UnicodeDecodeError as error:
        name = part.head.name
        raise BadRequest(f"{name!r} is not valid UTF-8.", code="invalid_utf8", param=name) from error
