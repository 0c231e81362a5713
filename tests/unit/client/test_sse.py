import itertools

from hypothesis import given
from hypothesis import strategies as st

from headgate.client.sse import Event, EventReader

BODY = "event: a\ndata: 1\n\n: a comment\nid: 7\ndata: 2\r\ndata:3\r\n\r\n\ndata: ü\n\ndata: never ended\n".encode()
EVENTS = [Event("a", b"1"), Event("", b"2\n3"), Event("", "ü".encode())]


@given(st.lists(st.integers(0, len(BODY))))
def test_events_are_the_same_wherever_the_bytes_are_cut(cuts: list[int]):
    edges = sorted({*cuts, 0, len(BODY)})
    reader = EventReader()
    read = [event for start, end in itertools.pairwise(edges) for event in reader.feed(BODY[start:end])]
    assert EVENTS == read
