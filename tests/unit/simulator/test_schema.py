from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.simulator.schema import fill_schema, fill_schema_as_json

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 3, "maxLength": 12},
        "age": {"type": "integer", "minimum": 18, "maximum": 99},
        "mood": {"enum": ["calm", "merry"]},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3},
        "home": {"$ref": "#/$defs/Place"},
    },
    "required": ["name", "age", "mood", "tags", "home"],
    "additionalProperties": False,
    "$defs": {
        "Place": {
            "type": "object",
            "properties": {"lat": {"type": "number", "minimum": -90, "maximum": 90}},
            "required": ["lat"],
        }
    },
}


class Place(msgspec.Struct, forbid_unknown_fields=True):
    lat: float


class Person(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    age: int
    mood: str
    tags: list[str]
    home: Place


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_a_filled_schema_fits_it(seed: int):
    person = msgspec.json.decode(fill_schema_as_json(PERSON, seed), type=Person)
    assert 3 <= len(person.name) <= 12
    assert 18 <= person.age <= 99
    assert person.mood in {"calm", "merry"}
    assert 1 <= len(person.tags) <= 3
    assert -90 <= person.home.lat <= 90


def test_the_same_seed_fills_the_same_value():
    assert fill_schema(PERSON, 5) == fill_schema(PERSON, 5)
    assert fill_schema(PERSON, 5) != fill_schema(PERSON, 6)


@pytest.mark.parametrize(
    ("expected", "schema"),
    [
        ({}, {"type": "object"}),
        (None, {"type": "null"}),
        ("always", {"const": "always"}),
        ([], {"type": "array"}),
        ("2026-01-15", {"type": "string", "format": "date"}),
        (None, {"enum": [None]}),
        ({"a": None}, {"properties": {"a": {"type": "null"}}}),
        ([None, None], {"items": {"type": "null"}}),
        ([None, 4], {"type": "array", "prefixItems": [{"type": "null"}, {"const": 4}]}),
        ("x", {"anyOf": [{"const": "x"}, {"type": "null"}]}),
        ("y", {"oneOf": [{"const": "y"}]}),
        (
            {"a": None, "b": None},
            {"allOf": [{"properties": {"a": {"type": "null"}}}, {"properties": {"b": {"type": "null"}}}]},
        ),
        (None, {"$ref": "#/nowhere", "type": "null"}),
    ],
)
def test_keywords_are_followed(expected: Any, schema: dict[str, Any]):
    assert expected == fill_schema(schema, 1)


@pytest.mark.parametrize(
    ("low", "high", "step", "schema"),
    [
        (0, 99, 1, {}),
        (5, 5, 1, {"minimum": 5, "maximum": 5}),
        (6, 9, 1, {"exclusiveMinimum": 5, "exclusiveMaximum": 10}),
        (-110, -10, 1, {"maximum": -10}),
        (10, 30, 10, {"minimum": 5, "maximum": 35, "multipleOf": 10}),
    ],
)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_integers_keep_their_bounds(low: int, high: int, step: int, schema: dict[str, Any], seed: int):
    value = fill_schema({"type": "integer", **schema}, seed)
    assert low <= value <= high
    assert 0 == value % step


def test_a_list_of_types_gives_the_one_that_is_not_null():
    assert isinstance(fill_schema({"type": ["null", "integer"]}, 1), int)
    assert fill_schema({"type": ["null"]}, 1) is None


def test_a_schema_that_holds_itself_ends():
    tree = {
        "$ref": "#/$defs/Node",
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {
                    "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
                },
                "required": ["next"],
            }
        },
    }
    assert isinstance(fill_schema(tree, 1)["next"], dict)


def test_a_schema_that_nothing_fits_ends_too():
    endless = {
        "$ref": "#/$defs/Node",
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {side: {"$ref": "#/$defs/Node"} for side in ("left", "right")},
                "required": ["left", "right"],
            }
        },
    }
    assert {"left", "right"} == set(fill_schema(endless, 1))
