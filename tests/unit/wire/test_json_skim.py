import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.json_skim import MAX_KEPT, ObjectSkimmer


def skimmed(raw: bytes, *cuts: int) -> ObjectSkimmer:
    skimmer = ObjectSkimmer("data")
    edges = [0, *sorted(cuts), len(raw)]
    for start, end in itertools.pairwise(edges):
        skimmer.feed(raw[start:end])
    return skimmer


def read(raw: bytes, *cuts: int) -> tuple[int, object]:
    skimmer = skimmed(raw, *cuts)
    document = skimmer.document()
    return skimmer.elements, None if document is None else {
        name: json.loads(bytes(raw)) for name, raw in document.items()
    }


IMAGES = {
    "created": 1,
    "data": [{"b64_json": "x" * 900}, {"b64_json": 'a"]}\\', "more": [[1], {}]}],
    "usage": {"n": [7]},
}


def test_the_array_is_counted_and_the_rest_is_kept():
    assert (2, {"created": 1, "data": [], "usage": {"n": [7]}}) == read(json.dumps(IMAGES).encode())


@given(st.lists(st.integers(0, 1_200), max_size=12))
def test_cutting_the_bytes_anywhere_changes_nothing(cuts: list[int]):
    raw = json.dumps(IMAGES, indent=1).encode()
    assert read(raw) == read(raw, *(cut % len(raw) for cut in cuts))


def test_every_single_byte_may_come_alone():
    raw = json.dumps(IMAGES).encode()
    assert read(raw) == read(raw, *range(len(raw)))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"usage":{"data":[{}]},"data":[{}]}', (1, {"usage": {"data": [{}]}, "data": []})),
        (b'{"note":"data","list":[{},{}]}', (0, {"note": "data", "list": [{}, {}]})),
        (b'{"data":{"data":[{}]}}', (0, {"data": {"data": [{}]}})),
        (b'{"data":["a","b"]}', (0, {"data": []})),
        (b'{"data":[],"data":[{}]}', (1, {"data": []})),
        (b'{"data":[{}', (1, None)),
        (b'{"a":"b', (0, None)),
        (b"[1]", (0, None)),
        (b"not json", (0, None)),
        (b"", (0, None)),
        (b"}}}}", (0, None)),
    ],
)
def test_what_is_no_whole_object_is_none(raw: bytes, expected: tuple[int, object]):
    assert expected == read(raw)


def test_an_object_with_too_much_beside_the_array_is_not_read():
    assert skimmed(b'{"note":"%s"}' % (b"x" * MAX_KEPT)).document() is None
