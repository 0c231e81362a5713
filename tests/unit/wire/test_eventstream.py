import base64
import struct
import zlib
from itertools import pairwise

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.wire.eventstream import FrameSplitter, MalformedFrameError, parse_frame, render_frame
from tests.kit.recordings import exchanges, needs_recordings

STREAM = b"".join(
    render_frame(payload, {":message-type": "event", ":event-type": kind})
    for kind, payload in [("messageStart", b'{"role":"assistant"}'), ("empty", b""), ("messageStop", b"x" * 300)]
)


def frame_with(headers: bytes, payload: bytes = b"") -> bytes:
    """A frame with a block of headers that is written by hand."""
    lengths = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    body = lengths + struct.pack(">I", zlib.crc32(lengths)) + headers + payload
    return body + struct.pack(">I", zlib.crc32(body))


def test_the_vendors_own_parser_reads_what_is_rendered():
    buffer = EventStreamBuffer()
    buffer.add_data(STREAM)
    (start, empty, stop) = list(buffer)
    assert {":message-type": "event", ":event-type": "messageStart"} == start.headers
    assert [b'{"role":"assistant"}', b"", b"x" * 300] == [start.payload, empty.payload, stop.payload]


def test_what_is_rendered_is_parsed_back():
    (raw,) = FrameSplitter().feed(render_frame(b"{}", {":event-type": "metadata", "ü": "é"}))
    frame = parse_frame(raw)
    assert ({":event-type": "metadata", "ü": "é"}, b"{}") == frame
    assert ("metadata", "") == (frame.header(":event-type"), frame.header("absent"))


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        (True, b"\x00"),
        (False, b"\x01"),
        (-5, b"\x02\xfb"),
        (258, b"\x03\x01\x02"),
        (-2, b"\x04\xff\xff\xff\xfe"),
        (1 << 40, b"\x05" + (1 << 40).to_bytes(8, "big")),
        (b"\x00\xff", b"\x06\x00\x02\x00\xff"),
        ("text", b"\x07\x00\x04text"),
        (1_700_000_000_000, b"\x08" + (1_700_000_000_000).to_bytes(8, "big")),
        (bytes(range(16)), b"\x09" + bytes(range(16))),
    ],
)
def test_headers_of_every_type_are_read(expected: object, written: bytes):
    raw = frame_with(b"\x01a" + written + b"\x01z\x07\x00\x01!", b"payload")
    assert [raw] == FrameSplitter().feed(raw)
    assert ({"a": expected, "z": "!"}, b"payload") == parse_frame(raw)
    buffer = EventStreamBuffer()
    buffer.add_data(raw)
    (same,) = list(buffer)
    assert expected == same.headers["a"]


@pytest.mark.parametrize(
    "headers",
    [b"\x05ab", b"\x01a", b"\x01a\x0a", b"\x01a\x07\x00\x09abc", b"\x01a\x05\x00", b"\x01\xff\x00", b"\x01a\x09short"],
)
def test_headers_that_cannot_be_read_are_said(headers: bytes):
    with pytest.raises(MalformedFrameError, match="header"):
        parse_frame(frame_with(headers))


@settings(deadline=None)
@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_nothing_is_lost_or_changed_wherever_the_bytes_are_cut(cuts: list[int]):
    places = [0, *sorted(cuts), len(STREAM)]
    splitter = FrameSplitter()
    frames = [frame for a, b in pairwise(places) for frame in splitter.feed(STREAM[a:b])]
    assert FrameSplitter().feed(STREAM) == frames
    assert STREAM == b"".join(frames)
    assert (b"", None) == (splitter.finish(), splitter.damage)


@settings(deadline=None)
@given(at=st.integers(0, len(STREAM) - 1), change=st.integers(1, 255), cuts=st.lists(st.integers(0, len(STREAM))))
def test_any_changed_byte_is_noticed_wherever_the_bytes_are_cut(at: int, change: int, cuts: list[int]):
    damaged = bytearray(STREAM)
    damaged[at] ^= change
    places = [0, *sorted(cuts), len(STREAM)]
    splitter = FrameSplitter()
    frames = [frame for a, b in pairwise(places) for frame in splitter.feed(bytes(damaged[a:b]))]
    whole = FrameSplitter().feed(STREAM)
    assert len(frames) < len(whole)
    assert whole[: len(frames)] == frames
    assert splitter.damage is not None
    assert bytes(damaged) == b"".join(frames) + splitter.finish()


def test_behind_damage_nothing_is_cut_any_more():
    splitter = FrameSplitter()
    assert [] == splitter.feed(b"HTTP/1.1 502 Bad Gateway")
    assert "the checksum of a frame's prelude is wrong" == splitter.damage
    assert [] == splitter.feed(STREAM)


@pytest.mark.parametrize("lengths", [(15, 0), (16, 1), (25_165_825, 0), (0xFFFFFFFF, 0)])
def test_an_impossible_length_is_not_waited_for(lengths: tuple[int, int]):
    prelude = struct.pack(">II", *lengths)
    splitter = FrameSplitter()
    assert [] == splitter.feed(prelude + struct.pack(">I", zlib.crc32(prelude)))
    assert "a frame has an impossible length" == splitter.damage


@needs_recordings
def test_recorded_frames_are_read_as_they_were_recorded():
    recorded = [exchange for exchange in exchanges("bedrock.converse") if "response_eventstream_b64" in exchange]
    assert len(recorded) > 30
    for exchange in recorded:
        splitter = FrameSplitter()
        frames = [parse_frame(raw) for raw in splitter.feed(base64.b64decode(exchange["response_eventstream_b64"]))]
        assert (b"", None) == (splitter.finish(), splitter.damage)
        assert [event["type"] for event in exchange["response_events"]] == [
            frame.header(":event-type") for frame in frames
        ]
        assert {("event", "application/json")} == {
            (frame.header(":message-type"), frame.header(":content-type")) for frame in frames
        }
