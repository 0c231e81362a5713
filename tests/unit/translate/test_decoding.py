import msgspec
import pytest

from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import (
    ABSENT,
    decode,
    embed_object,
    encode,
    is_given,
    object_text,
    read_fields,
)


class Inner(msgspec.Struct):
    count: int


class Shape(msgspec.Struct):
    name: str
    inner: list[Inner] | None = None


def fields(**values: object) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in values.items()}


def read(given: dict[str, msgspec.Raw], field: str = "") -> Shape:
    return read_fields(Shape, given, ignored=frozenset({"seed"}), unknown="unknown", field=field)


def test_a_body_is_read_field_by_field():
    assert Shape(name="x", inner=[Inner(count=1)]) == read(fields(name="x", inner=[{"count": 1}], seed=7, other=None))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "name: is required"),
        ({"name": 1}, "name: Expected `str`, got `int`"),
        ({"name": "x", "inner": [{"count": "1"}]}, "inner[0].count: Expected `int`, got `str`"),
        ({"name": "x", "other": 1}, "other: unknown"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, object], expected: str):
    with pytest.raises(UntranslatableError) as caught:
        read(fields(**given))
    assert expected == str(caught.value)


def test_paths_begin_with_the_field_that_holds_the_object():
    with pytest.raises(UntranslatableError) as caught:
        read(fields(), field="tools[1]")
    assert "tools[1].name" == caught.value.field


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b'{"name": "\xff"}', b'{"name":"\\ud800"}', b"[" * 10_000])
def test_what_is_no_json_is_refused(body: bytes):
    with pytest.raises(UntranslatableError):
        decode(body, dict[str, object], "body")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b' { "a" : 1.50 } ', '{"a":1.50}'),
        (b'{"n":123456789012345678901234567890}', '{"n":123456789012345678901234567890}'),
    ],
)
def test_the_text_of_an_object_keeps_every_number_as_it_was_written(raw: bytes, expected: str):
    assert expected == object_text(raw, "x")


@pytest.mark.parametrize("raw", [b"[]", b"1", b'"{}"', b"{", b'{"a":"\xff"}', b"null"])
def test_the_text_of_what_is_no_object_is_refused(raw: bytes):
    with pytest.raises(UntranslatableError):
        object_text(raw, "x")


def test_an_embedded_object_encodes_as_its_text():
    assert b'{"x":{"a":1.50}}' == encode({"x": embed_object('{"a":1.50}', "x")}, "body")


@pytest.mark.parametrize("text", ["[]", "1", "{", "", '{"a":}', "{} {}"])
def test_text_that_is_no_object_is_not_embedded(text: str):
    with pytest.raises(UntranslatableError):
        embed_object(text, "x")


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(UntranslatableError):
        encode({"text": "\ud800"}, "body")


def test_null_and_absent_are_not_given():
    assert [False, False, True] == [is_given(raw) for raw in (ABSENT, msgspec.Raw(b" null "), msgspec.Raw(b"0"))]
