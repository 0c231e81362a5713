import json

import msgspec
import pytest

from headgate.translate.codec import UntranslatableError
from headgate.translate.gemini.schemas import json_schema


def read(schema: object) -> object:
    return json.loads(json_schema(msgspec.Raw(json.dumps(schema).encode()), "parameters"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "OBJECT", "properties": {"TYPE": {"type": "STRING"}}},
         {"type": "object", "properties": {"TYPE": {"type": "string"}}}),
        ({"type": "array", "items": {"type": "NUMBER"}, "minItems": "2"},
         {"type": "array", "items": {"type": "number"}, "minItems": 2}),
        ({"type": "STRING", "nullable": True, "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"any_of": [{"type": "INTEGER"}], "nullable": True}, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ({"type": "TYPE_UNSPECIFIED", "nullable": False, "property_ordering": ["a"]}, {}),
        ({"type": "OBJECT", "additionalProperties": False, "defs": {"A": {"ref": "#/x"}}},
         {"type": "object", "additionalProperties": False, "$defs": {"A": {"$ref": "#/x"}}}),
        ({"type": ["string", "null"], "minLength": "many"}, {"type": ["string", "null"], "minLength": "many"}),
    ],
)  # fmt: skip
def test_openapis_dialect_becomes_json_schema(given: object, expected: object):
    assert expected == read(given)


def test_figures_and_order_stay_as_they_were_written():
    given = b'{"type":"NUMBER","maximum":1.50,"default":1e2,"description":"d"}'
    assert given.decode().replace("NUMBER", "number") == json_schema(msgspec.Raw(given), "p")


@pytest.mark.parametrize("given", [b"[]", b'"x"', b'{"properties":[]}', b'{"anyOf":{}}', b'{"type":1' + b"}"])
def test_what_is_no_schema_is_refused_or_stays(given: bytes):
    if given.startswith(b'{"type"'):
        assert given.decode() == json_schema(msgspec.Raw(given), "p")
        return
    with pytest.raises(UntranslatableError):
        json_schema(msgspec.Raw(given), "p")


def test_nesting_without_end_is_refused():
    deep = b'{"items":' * 100_000 + b"{}" + b"}" * 100_000
    with pytest.raises(UntranslatableError):
        json_schema(msgspec.Raw(deep), "p")
