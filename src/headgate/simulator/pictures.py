"""Small pictures, made here: a PNG whose colours follow a seed."""

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_EIGHT_BIT_RGB = b"\x08\x02\x00\x00\x00"


def draw_png(seed: int, width: int, height: int) -> bytes:
    """A picture of so many pixels: four fields of colour, the same for the same seed."""
    colours = [
        bytes((seed >> shift & 255, seed >> shift + 8 & 255, seed >> shift + 16 & 255)) for shift in (0, 8, 16, 24)
    ]
    left, right = width // 2, width - width // 2
    upper = b"\x00" + colours[0] * left + colours[1] * right
    lower = b"\x00" + colours[2] * left + colours[3] * right
    rows = upper * (height // 2) + lower * (height - height // 2)
    header = struct.pack(">II", width, height) + _EIGHT_BIT_RGB
    return _SIGNATURE + _piece(b"IHDR", header) + _piece(b"IDAT", zlib.compress(rows)) + _piece(b"IEND", b"")


def _piece(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
