import struct
import zlib

from headgate.simulator.pictures import draw_png


def pieces(png: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    at = 8
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", png, at + 8 + size)[0] == zlib.crc32(kind + data)
        found[kind] = data
        at += 12 + size
    return found


def test_a_picture_is_a_png_of_its_size():
    png = draw_png(7, 5, 3)
    assert b"\x89PNG\r\n\x1a\n" == png[:8]
    parts = pieces(png)
    assert (5, 3, 8, 2) == struct.unpack_from(">IIBB", parts[b"IHDR"])
    assert 3 * (1 + 5 * 3) == len(zlib.decompress(parts[b"IDAT"]))
    assert b"" == parts[b"IEND"]


def test_the_same_seed_draws_the_same_picture():
    assert draw_png(7, 16, 16) == draw_png(7, 16, 16)
    assert draw_png(7, 16, 16) != draw_png(8 << 20, 16, 16)
