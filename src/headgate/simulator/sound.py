"""Sound, made and measured here: WAV files of a simple tone."""

import struct

RATE = 8_000
"""Samples per second, of one byte each, one channel."""
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_PCM = 1


def wave_header(samples: int) -> bytes:
    """The header of a WAV file with so many samples."""
    return _HEADER.pack(b"RIFF", 36 + samples, b"WAVE", b"fmt ", 16, _PCM, 1, RATE, RATE, 1, 8, b"data", samples)


def tone(seed: int, samples: int) -> bytes:
    """So many samples of a tone, the same for the same seed."""
    period = 16 + seed % 48
    one = bytes(128 + (40 if place < period // 2 else -40) for place in range(period))
    return (one * (samples // period + 1))[:samples]


def seconds_of(sound: bytes) -> int | None:
    """Begun seconds of a WAV file with plain samples; None for anything else."""
    if len(sound) < _HEADER.size:
        return None
    riff, _, wave, fmt, _, kind, channels, rate, _, _, bits, data, _ = _HEADER.unpack_from(sound)
    if (riff, wave, fmt, data) != (b"RIFF", b"WAVE", b"fmt ", b"data") or kind != _PCM:
        return None
    per_second = rate * channels * bits // 8
    return -(-(len(sound) - _HEADER.size) // per_second) if per_second else None
