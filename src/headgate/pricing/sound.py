"""How long a file with sound can last at most, by its first bytes and its size.

What a header claims is believed only where a decoder has nothing else to go by: samples of a WAV file without
compression have the rate that the file says. Of compressed sound the lowest bit rate counts that its format has, or
that any encoder offers for speech. A file that was made to last longer than that costs more than was held: it is booked
in full.
"""

import struct
from typing import Final

HEAD_BYTES: Final = 4_096
"""Enough of a file to know its format by."""
LOWEST_RATE: Final = 750
"""Bytes per second: 6 kbit/s, the lowest bit rate of Opus (RFC 6716). No other format that is offered goes below."""
LOWEST_MP3_RATE: Final = 1_000
"""Bytes per second: 8 kbit/s, the lowest bit rate of MPEG audio layer III (ISO/IEC 13818-3)."""

_UNCOMPRESSED: Final = frozenset({1, 3})
"""Formats of WAV files: whole numbers, floating point."""
_EXTENSIBLE: Final = 0xFFFE
_CHUNK: Final = struct.Struct("<4sI")
_FORMAT: Final = struct.Struct("<HHIIHH")


def longest_seconds(head: bytes, size: int) -> int:
    """Begun seconds.

    Args:
        head: the first bytes, `HEAD_BYTES` of them or all.
        size: of the whole file, in bytes.
    """
    rate = _wave_rate(head) or (LOWEST_MP3_RATE if _is_mp3(head) else LOWEST_RATE)
    return -(-size // rate)


def _is_mp3(head: bytes) -> bool:
    # A tag, or the eleven bits that begin a frame, with layer III among what follows.
    return head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2)


def _wave_rate(head: bytes) -> int | None:
    """Bytes per second of uncompressed sound; None for anything else."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at = 12
    while at + _CHUNK.size + _FORMAT.size <= len(head):
        name, length = _CHUNK.unpack_from(head, at)
        if name == b"fmt ":
            kind, channels, samples, _, _, bits = _FORMAT.unpack_from(head, at + _CHUNK.size)
            if kind == _EXTENSIBLE and at + _CHUNK.size + 26 <= len(head):
                # The first two bytes of the identifier are the format.
                (kind,) = struct.unpack_from("<H", head, at + _CHUNK.size + 24)
            rate = samples * channels * bits // 8
            return rate if kind in _UNCOMPRESSED and rate > 0 else None
        at += _CHUNK.size + length + length % 2
    return None
