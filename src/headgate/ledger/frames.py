"""How a journal is laid out in bytes, sans I/O.

A journal is a sequence of segments of `SEGMENT_SIZE` bytes, preallocated with zeros. A position is
`segment number * SEGMENT_SIZE + offset in the segment`. A frame is a little-endian `<length u32><crc32 u32><payload>`;
length 0 means "nothing written here yet", `END_OF_SEGMENT` sends the reader to the next segment. The first frame of a
segment is its header (`SegmentHeader`). A frame never crosses a segment's edge.
"""

import struct
import zlib
from typing import NamedTuple

import msgspec

from headgate.domain.ids import OwnerId

SEGMENT_SIZE = 8 * 1024 * 1024
FRAME_OVERHEAD = 8
END_OF_SEGMENT = 0xFFFFFFFF

_HEAD = struct.Struct("<II")
END_MARK = _HEAD.pack(END_OF_SEGMENT, 0)


class SegmentHeader(msgspec.Struct, frozen=True, kw_only=True, tag="headgate-journal-1"):
    """Who wrote a segment, and during which boot of the machine."""

    owner: OwnerId
    node: str
    boot_id: str
    segment: int


class Frame(NamedTuple):
    """One whole frame."""

    payload: bytes
    next_position: int
    """Where the next frame starts."""


class Torn(NamedTuple):
    """Bytes that are no whole frame: still being written, or left by a writer that died."""

    position: int


def pack_frame(payload: bytes) -> bytes:
    """Length, checksum, payload."""
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def read_frame(window: bytes, start: int, position: int) -> Frame | Torn | None:
    """Read the frame at `position` out of a stretch of one segment.

    Args:
        window: bytes of the segment.
        start: position of the window's first byte.
        position: where a frame should start.

    Returns:
        The frame. None when nothing is written there yet, or when the window ends before the frame does. `Torn` when
        what is there is not whole. At the segment's end an empty payload with the position of the next segment.
    """
    next_segment = (position // SEGMENT_SIZE + 1) * SEGMENT_SIZE
    if position + FRAME_OVERHEAD > next_segment:
        return Frame(b"", next_segment)
    offset = position - start
    if offset + FRAME_OVERHEAD > len(window):
        return None
    length, checksum = _HEAD.unpack_from(window, offset)
    if length == 0:
        return None
    if length == END_OF_SEGMENT:
        return Frame(b"", next_segment)
    end = position + FRAME_OVERHEAD + length
    if end > next_segment:
        return Torn(position)
    payload = window[offset + FRAME_OVERHEAD : end - start]
    if len(payload) < length:
        return None
    return Frame(payload, end) if zlib.crc32(payload) == checksum else Torn(position)


def read_frames(window: bytes, start: int, position: int) -> tuple[list[tuple[int, bytes]], int]:
    """Read all whole frames from `position` on, up to the first thing that is none; what that is, `read_frame` tells.

    Args:
        window: bytes of one segment.
        start: position of the window's first byte.
        position: where a frame should start.

    Returns:
        Positions and payloads, and the position behind the last of them.
    """
    found: list[tuple[int, bytes]] = []
    offset, end = position - start, len(window)
    while offset + FRAME_OVERHEAD <= end:
        length, checksum = _HEAD.unpack_from(window, offset)
        after = offset + FRAME_OVERHEAD + length
        if length == 0 or after > end:
            break
        payload = window[offset + FRAME_OVERHEAD : after]
        if zlib.crc32(payload) != checksum:
            break
        found.append((start + offset, payload))
        offset = after
    return found, start + offset


_header_encoder = msgspec.msgpack.Encoder()
_header_decoder = msgspec.msgpack.Decoder(SegmentHeader)


def encode_header(header: SegmentHeader) -> bytes:
    """Payload of a segment's first frame."""
    return _header_encoder.encode(header)


def decode_header(payload: bytes) -> SegmentHeader:
    """Read a segment's first frame.

    Raises:
        msgspec.DecodeError: not a journal of this version.
    """
    return _header_decoder.decode(payload)
