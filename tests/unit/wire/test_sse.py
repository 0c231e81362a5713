from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.wire.sse import Event, EventSplitter, parse_event, render_event

STREAM = b"event: ping\ndata: {}\n\n: comment\n\ndata: one\r\ndata: two\r\n\r\ndata: [DONE]\n\n"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"data: x\n\n", Event("", b"x")),
        (b"data:x\n\n", Event("", b"x")),
        (b"data:  x\n\n", Event("", b" x")),
        (b"event: ping\ndata: {}\n\n", Event("ping", b"{}")),
        (b"data: one\ndata: two\n\n", Event("", b"one\ntwo")),
        (b"data: one\r\n\r\n", Event("", b"one")),
        (b": a comment\n\n", Event("", b"")),
        (b"id: 7\nretry: 10\ndata: x\n\n", Event("", b"x")),
        (b"data\n\n", Event("", b"")),
        (b"event: \xff\ndata: x\n\n", Event("\ufffd", b"x")),
        (b"", Event("", b"")),
    ],
)
def test_an_event_is_parsed_as_the_standard_says(raw: bytes, expected: Event):
    assert expected == parse_event(raw)


def test_events_come_out_when_their_blank_line_has_come():
    splitter = EventSplitter()
    assert [] == splitter.feed(b"data: x\n")
    assert [b"data: x\n\n"] == splitter.feed(b"\ndata: y")
    assert b"data: y" == splitter.finish()
    assert b"" == splitter.finish()


def test_several_events_of_one_chunk_come_out_in_order():
    assert [b"data: x\n\n", b"data: y\r\n\r\n"] == EventSplitter().feed(b"data: x\n\ndata: y\r\n\r\n")


@settings(deadline=None)
@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_nothing_is_lost_or_changed_wherever_the_bytes_are_cut(cuts: list[int]):
    places = [0, *sorted(cuts), len(STREAM)]
    splitter = EventSplitter()
    events = [event for a, b in pairwise(places) for event in splitter.feed(STREAM[a:b])]
    assert EventSplitter().feed(STREAM) == events
    assert STREAM == b"".join(events) + splitter.finish()


@pytest.mark.parametrize("name", ["", "message_start"])
def test_what_is_rendered_is_parsed_back(name: str):
    assert Event(name, b'{"a":1}') == parse_event(render_event(b'{"a":1}', name))
