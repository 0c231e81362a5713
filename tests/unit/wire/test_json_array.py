import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.json_array import ArrayRenderer, ArraySplitter, Piece

GOOGLES = b'[{\n  "text": "a \\"quoted\\" ] } \\\\"\n}\n,\r\n{"b": [{"c": {}}]}\n]\n'

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(['"', "\\", "]", "}", '\\"']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
documents = st.lists(st.dictionaries(st.text(max_size=4), values, max_size=3), max_size=5)


def split(stream: bytes, places: list[int]) -> tuple[list[Piece], bytes]:
    splitter, pieces, start = ArraySplitter(), [], 0
    for place in [*sorted(place % (len(stream) + 1) for place in places), len(stream)]:
        pieces += splitter.feed(stream[start:place])
        start = place
    return pieces, splitter.finish()


def test_elements_keep_their_bytes_and_the_end_is_said():
    pieces, rest = split(GOOGLES, [])
    assert GOOGLES == b"".join(piece.raw for piece in pieces) + rest
    assert [False, False, True] == [piece.is_end for piece in pieces]
    assert [{"text": 'a "quoted" ] } \\'}, {"b": [{"c": {}}]}] == [json.loads(piece.element) for piece in pieces[:2]]
    assert b"\n" == rest


@given(documents, st.lists(st.integers(0, 400), max_size=30))
def test_no_cut_changes_what_is_found(sent: list[dict], places: list[int]):
    stream = json.dumps(sent, indent=1).encode()
    pieces, rest = split(stream, places)
    assert split(stream, []) == (pieces, rest)
    assert stream == b"".join(piece.raw for piece in pieces) + rest
    assert sent == [json.loads(piece.element) for piece in pieces if not piece.is_end]
    assert pieces[-1].is_end


@given(st.binary(max_size=80), st.lists(st.integers(0, 80), max_size=8))
def test_nothing_is_lost_of_bytes_that_are_no_array(noise: bytes, places: list[int]):
    pieces, rest = split(noise, places)
    assert noise == b"".join(piece.raw for piece in pieces) + rest


def test_an_element_that_is_not_complete_is_the_rest():
    pieces, rest = split(b'[{"a": 1},\r\n{"b": "}', [])
    assert ([b'{"a": 1}'], b',\r\n{"b": "}') == ([piece.element for piece in pieces], rest)


def test_what_follows_the_end_is_no_element():
    pieces, rest = split(b"[{}] {} []", [])
    assert ([b"{}", b""], b" {} []") == ([piece.element for piece in pieces], rest)


@pytest.mark.parametrize("sent", [[], [b'{"a":1}'], [b"{}", b"{}"]])
def test_what_is_rendered_is_one_array(sent: list[bytes]):
    renderer = ArrayRenderer()
    stream = b"".join(renderer.element(document) for document in sent) + renderer.end()
    assert [json.loads(document) for document in sent] == json.loads(stream)


def test_an_array_that_has_begun_goes_on():
    assert b",\r\n{}]" == (renderer := ArrayRenderer(begun=True)).element(b"{}") + renderer.end()
