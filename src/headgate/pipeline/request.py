"""What goes into the pipeline and what comes out."""

import hashlib
from collections.abc import AsyncGenerator, Mapping

import msgspec

from headgate.domain.ids import RequestId
from headgate.domain.principal import Attribution
from headgate.pipeline.doors import Door
from headgate.pipeline.form import Form, Incoming


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the door took it."""

    id: RequestId
    door: Door
    arrived_at: float
    """Epoch seconds."""
    started: float
    """Monotonic seconds, for measuring."""
    key_hash: bytes
    """SHA-256 of the virtual key that the caller showed."""
    headers: Mapping[str, str]
    """Lower-case names."""
    attribution: Attribution
    """What the caller asks to be charged to."""
    body: bytes
    """Empty where a form comes."""
    incoming: Incoming | None = None
    """A form that was not read yet."""
    form: Form | None = None
    path: str = ""
    """As the client wrote it, where the door's own says less (`/v1beta/models/{model}:generateContent`)."""
    query: str = ""
    """As it came; a key may be in it, so that it is neither logged nor passed on."""

    @property
    def sha256(self) -> str:
        """Of what was asked, however it was put into bytes; hexadecimal."""
        if self.form is not None:
            return self.form.sha256
        return hashlib.sha256(self.body, usedforsecurity=False).hexdigest()


async def received(request: Request) -> Request:
    """The request with the form that it brings, read to its end; any other as it is.

    Raises:
        BadRequest, TooLarge, Unavailable: as `Incoming.form`.
    """
    if request.incoming is None:
        return request
    return msgspec.structs.replace(request, incoming=None, form=await request.incoming.form())


class Reply(msgspec.Struct, kw_only=True):
    """An answer for the client."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    stream: AsyncGenerator[bytes] | None = None
    """Set for a streamed answer; must be read to its end also when nobody listens any more, or closed."""
    client_gone_at: float | None = None
    """Monotonic seconds; the server sets it when the client hangs up, so that the stream can bound its reading."""
