"""AWS's event stream, sans I/O: bytes in any cut go in, complete frames come out.

Source: the Smithy specification of `application/vnd.amazon.eventstream`. A frame is a prelude (its length, the length
of its headers, a checksum of both), headers with types, a payload, and a checksum of all that. Lengths count in bytes,
and every figure is big-endian. Behind a frame whose checksum is wrong nothing can be cut any more.
"""

import struct
import zlib
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

_PRELUDE: Final = struct.Struct(">III")
_CHECKSUM: Final = struct.Struct(">I")
_SMALLEST: Final = _PRELUDE.size + _CHECKSUM.size
_LARGEST: Final = 24 * 1024 * 1024
"""More than the 16 MiB of payload and 128 KiB of headers that the specification allows."""

_TRUE, _FALSE, _BYTES, _STRING, _UUID = 0, 1, 6, 7, 9
_WHOLE_NUMBERS: Final = {2: struct.Struct(">b"), 3: struct.Struct(">h"), 4: struct.Struct(">i"), 5: struct.Struct(">q")}
_MOMENT: Final = 8
_LONG: Final = struct.Struct(">q")
_SHORT: Final = struct.Struct(">H")

HeaderValue: TypeAlias = bool | int | bytes | str
"""A UUID is its 16 bytes, a timestamp its milliseconds since the epoch."""


class MalformedFrameError(Exception):
    """The headers of a frame cannot be read."""


class Frame(NamedTuple):
    """One parsed frame."""

    headers: Mapping[str, HeaderValue]
    payload: bytes

    def header(self, name: str) -> str:
        """A header that is text; empty for anything else."""
        value = self.headers.get(name)
        return value if isinstance(value, str) else ""


class FrameSplitter:
    """Cuts a byte stream into complete raw frames whose checksums are right."""

    def __init__(self) -> None:
        """Nothing came yet."""
        self.damage: str | None = None
        """What is wrong with the stream; from there on it gives no frames."""
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take a chunk; give the raw frames that are complete now."""
        buffer = self._rest + chunk if self._rest else chunk
        frames: list[bytes] = []
        start = 0
        while self.damage is None and len(buffer) - start >= _PRELUDE.size:
            length, headers, checksum = _PRELUDE.unpack_from(buffer, start)
            if zlib.crc32(buffer[start : start + 8]) != checksum:
                self.damage = "the checksum of a frame's prelude is wrong"
            elif not _SMALLEST + headers <= length <= _LARGEST:
                self.damage = "a frame has an impossible length"
            elif len(buffer) - start < length:
                break
            elif (
                zlib.crc32(raw := buffer[start : start + length - 4])
                != _CHECKSUM.unpack_from(buffer, start + length - 4)[0]
            ):
                self.damage = "the checksum of a frame is wrong"
            else:
                frames.append(raw + buffer[start + length - 4 : start + length])
                start += length
        self._rest = buffer[start:] if start else buffer
        return frames

    def finish(self) -> bytes:
        """Give what is left: half a frame, or what came from the damage on."""
        rest, self._rest = self._rest, b""
        return rest


def parse_frame(raw: bytes) -> Frame:
    """Parse one raw frame, whose checksums the splitter has seen.

    Raises:
        MalformedFrameError: its headers cannot be read.
    """
    end = headers_end(raw)
    return Frame(_parse_headers(raw[_PRELUDE.size : end]), raw[end : -_CHECKSUM.size])


def headers_end(raw: bytes) -> int:
    """Where the payload of a raw frame begins."""
    return _PRELUDE.size + _PRELUDE.unpack_from(raw)[1]


def _parse_headers(block: bytes) -> dict[str, HeaderValue]:
    headers: dict[str, HeaderValue] = {}
    at = 0
    try:
        while at < len(block):
            named = at + 1 + block[at]
            name = block[at + 1 : named].decode()
            headers[name], at = _parse_value(block, named)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        message = "the headers of a frame cannot be read"
        raise MalformedFrameError(message) from error
    return headers


def _parse_value(block: bytes, at: int) -> tuple[HeaderValue, int]:
    """The value that begins with its type there, and where it ends."""
    kind, at = block[at], at + 1
    if kind in {_TRUE, _FALSE}:
        return kind == _TRUE, at
    if (number := _WHOLE_NUMBERS.get(kind)) is not None:
        return number.unpack_from(block, at)[0], at + number.size
    if kind == _MOMENT:
        return _LONG.unpack_from(block, at)[0], at + _LONG.size
    if kind == _UUID:
        return _bytes(block, at, at + 16), at + 16
    if kind in {_BYTES, _STRING}:
        begin = at + _SHORT.size
        end = begin + _SHORT.unpack_from(block, at)[0]
        value = _bytes(block, begin, end)
        return value.decode() if kind == _STRING else value, end
    message = f"a header has the unknown type {kind}"
    raise MalformedFrameError(message)


def _bytes(block: bytes, begin: int, end: int) -> bytes:
    if end > len(block):
        raise IndexError(end)
    return block[begin:end]


def render_frame(payload: bytes, headers: Mapping[str, str]) -> bytes:
    """Render one frame."""
    block = b"".join(_render_header(name.encode(), value.encode()) for name, value in headers.items())
    lengths = struct.pack(">II", _SMALLEST + len(block) + len(payload), len(block))
    body = lengths + _CHECKSUM.pack(zlib.crc32(lengths)) + block + payload
    return body + _CHECKSUM.pack(zlib.crc32(body))


def _render_header(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + bytes([_STRING]) + _SHORT.pack(len(value)) + value
