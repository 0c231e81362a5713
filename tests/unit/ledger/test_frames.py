import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain.ids import OwnerId
from headgate.ledger.frames import (
    END_MARK,
    FRAME_OVERHEAD,
    SEGMENT_SIZE,
    Frame,
    SegmentHeader,
    Torn,
    decode_header,
    encode_header,
    pack_frame,
    read_frame,
)

HEADER = SegmentHeader(owner=OwnerId("a" * 32), node="n", boot_id="b", segment=3)


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=20))
def test_frames_are_read_back_one_after_the_other(payloads: list[bytes]):
    window, position, found = b"".join(map(pack_frame, payloads)) + bytes(100), 0, []
    while (frame := read_frame(window, 0, position)) is not None:
        found.append(frame.payload)
        position = frame.next_position
    assert payloads == found


@given(st.binary(min_size=1, max_size=100), st.integers(0, 5 * SEGMENT_SIZE), st.integers(0, 50))
def test_a_frame_is_found_wherever_its_window_begins(payload: bytes, start: int, before: int):
    window = bytes(before) + pack_frame(payload)
    end = start + len(window)
    found = read_frame(window, start, start + before)
    if end // SEGMENT_SIZE == (start + before) // SEGMENT_SIZE:
        assert Frame(payload, end) == found


def test_where_nothing_is_written_there_is_no_frame():
    assert read_frame(bytes(100), 0, 0) is None
    assert read_frame(b"", 0, 0) is None


@given(st.integers(0, 107))
def test_a_window_that_ends_before_the_frame_does_gives_nothing(size: int):
    assert read_frame(pack_frame(b"x" * 100)[:size], 0, 0) is None


@given(st.integers(1, 99))
def test_a_frame_whose_end_is_still_zeros_is_torn(written: int):
    half = pack_frame(b"x" * 100)[: FRAME_OVERHEAD + written]
    assert Torn(0) == read_frame(half.ljust(200, b"\0"), 0, 0)


@given(st.integers(0, 799))
def test_a_single_flipped_bit_is_never_taken_for_a_frame(bit: int):
    frame = bytearray(pack_frame(b"x" * 92)) + bytes(200)
    frame[bit // 8] ^= 1 << bit % 8
    found = read_frame(bytes(frame), 0, 0)
    assert not isinstance(found, Frame) or found.payload == b""


def test_the_end_mark_leads_to_the_next_segment():
    assert Frame(b"", 3 * SEGMENT_SIZE) == read_frame(END_MARK, 2 * SEGMENT_SIZE + 500, 2 * SEGMENT_SIZE + 500)


@pytest.mark.parametrize("left", range(1, FRAME_OVERHEAD))
def test_where_not_even_a_mark_fits_the_next_segment_begins(left: int):
    position = SEGMENT_SIZE - left
    assert Frame(b"", SEGMENT_SIZE) == read_frame(bytes(left), position, position)


def test_a_frame_never_crosses_a_segments_edge():
    position = SEGMENT_SIZE - 20
    assert Torn(position) == read_frame(struct.pack("<II", 13, 0) + bytes(100), position, position)


def test_a_header_comes_back_as_it_was():
    assert HEADER == decode_header(encode_header(HEADER))


@pytest.mark.parametrize("payload", [b"", b"\xc1", msgspec.msgpack.encode({"type": "headgate-journal-2"})])
def test_a_journal_of_another_version_is_refused(payload: bytes):
    with pytest.raises(msgspec.DecodeError):
        decode_header(payload)
