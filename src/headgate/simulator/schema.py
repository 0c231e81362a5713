"""A JSON value that fits a JSON schema, the same one for the same schema and seed.

Followed: type, properties, items, prefixItems, enum, const, `$ref` into the same document, anyOf, oneOf, allOf, bounds
of numbers, lengths and usual formats. `pattern` is not: a string under a pattern may not match it.
"""

import json
from typing import Any, cast

from headgate.simulator.prose import sentence

_DEEPEST = 4
"""A recursive schema is closed off here: optional properties and array items are left out below."""
_MOST_VALUES = 10_000
_MOST_NESTED = 64
"""Beyond these a schema is one that nothing fits, or nothing of a sane size: null is given."""
_FORMATS = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "PT15M",
    "email": "reader@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_Schema = dict[str, Any]


def fill_schema(schema: _Schema, seed: int) -> Any:
    """Build the value.

    Args:
        schema: the document; references are resolved inside it.
        seed: picks among the values that fit.
    """
    return _Filler(schema, seed).fill(schema, 0)


def fill_schema_as_json(schema: _Schema, seed: int) -> str:
    """The value as compact JSON."""
    return json.dumps(fill_schema(schema, seed), separators=(",", ":"), ensure_ascii=False)


class _Filler:
    def __init__(self, document: _Schema, seed: int) -> None:
        self._document = document
        self._seed = seed
        self._values = 0

    def fill(self, schema: Any, depth: int) -> Any:
        self._values += 1
        if not isinstance(schema, dict) or self._values > _MOST_VALUES or depth > _MOST_NESTED:
            return None
        resolved = self._resolve(cast("_Schema", schema), depth)
        if "const" in resolved:
            return resolved["const"]
        if resolved.get("enum"):
            return resolved["enum"][self._draw() % len(resolved["enum"])]
        match _type_of(resolved):
            case "object":
                return self._object(resolved, depth)
            case "array":
                return self._array(resolved, depth)
            case "integer":
                return self._integer(resolved)
            case "number":
                return self._number(resolved)
            case "boolean":
                return bool(self._draw() % 2)
            case "null":
                return None
            case _:
                return self._string(resolved)

    def _draw(self) -> int:
        self._seed = (self._seed * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
        return self._seed >> 33

    def _resolve(self, schema: _Schema, depth: int) -> _Schema:
        seen = 0
        while seen <= _DEEPEST:
            seen += 1
            if "$ref" in schema:
                schema = {**self._referenced(str(schema["$ref"])), **_without(schema, "$ref")}
            elif schema.get("anyOf") or schema.get("oneOf"):
                keyword = "anyOf" if schema.get("anyOf") else "oneOf"
                schema = {**_without(schema, keyword), **self._branch(schema[keyword], depth)}
            elif schema.get("allOf"):
                schema = self._all_of(schema, depth)
            else:
                break
        return schema

    def _branch(self, branches: list[_Schema], depth: int) -> _Schema:
        # Below the deepest level only a branch that ends ("null", a scalar) is safe to take.
        if depth >= _DEEPEST:
            return min(branches, key=lambda branch: _type_of(branch) in {"object", "array"} or "$ref" in branch)
        return branches[0]

    def _all_of(self, schema: _Schema, depth: int) -> _Schema:
        merged = _without(schema, "allOf")
        for part in schema["allOf"]:
            resolved = self._resolve(part, depth)
            properties = {**merged.get("properties", {}), **resolved.get("properties", {})}
            required = [*merged.get("required", []), *resolved.get("required", [])]
            merged = {**merged, **resolved}
            if properties:
                merged |= {"properties": properties, "required": required}
        return merged

    def _referenced(self, reference: str) -> _Schema:
        node: Any = self._document
        for step in reference.lstrip("#/").split("/"):
            key = step.replace("~1", "/").replace("~0", "~")
            if not key:
                continue
            node = cast("_Schema", node).get(key) if isinstance(node, dict) else None
        return cast("_Schema", node) if isinstance(node, dict) else {}

    def _object(self, schema: _Schema, depth: int) -> _Schema:
        properties: _Schema = schema.get("properties") or {}
        required: list[str] = schema.get("required") or []
        return {
            name: self.fill(part, depth + 1)
            for name, part in properties.items()
            if depth < _DEEPEST or name in required
        }

    def _array(self, schema: _Schema, depth: int) -> list[Any]:
        values = [self.fill(part, depth + 1) for part in schema.get("prefixItems") or ()]
        least = int(schema.get("minItems", 0))
        most = int(schema.get("maxItems", max(least, 2)))
        wanted = least if depth >= _DEEPEST else max(least, min(most, 2))
        while "items" in schema and len(values) < wanted:
            values.append(self.fill(schema["items"], depth + 1))
        return values

    def _integer(self, schema: _Schema) -> int:
        low, high = _bounds(schema, 1)
        step = int(schema.get("multipleOf", 1)) or 1
        first = -(-low // step) * step
        places = max((high - first) // step + 1, 1)
        return first + step * (self._draw() % min(places, 100))

    def _number(self, schema: _Schema) -> float:
        if "multipleOf" in schema:
            return float(schema["multipleOf"]) * (self._draw() % 4 + 1)
        low = float(schema.get("minimum", schema.get("exclusiveMinimum", 0)))
        high = float(schema.get("maximum", schema.get("exclusiveMaximum", low + 100)))
        return low + (high - low) * (self._draw() % 7 + 1) / 8

    def _string(self, schema: _Schema) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        text = sentence(self._draw())
        while len(text) < int(schema.get("minLength", 0)):
            text = f"{text} {sentence(self._draw())}"
        return text[: int(schema.get("maxLength", len(text)))]


def _without(schema: _Schema, keyword: str) -> _Schema:
    return {name: value for name, value in schema.items() if name != keyword}


def _type_of(schema: _Schema) -> str:
    declared = schema.get("type")
    if isinstance(declared, list):
        names = [str(name) for name in cast("list[object]", declared)]
        return next((name for name in names if name != "null"), "null")
    if declared is None:
        return "object" if "properties" in schema else "array" if "items" in schema else "string"
    return str(declared)


def _bounds(schema: _Schema, step: int) -> tuple[int, int]:
    low = schema.get("minimum")
    if low is None:
        low = int(schema["exclusiveMinimum"]) + step if "exclusiveMinimum" in schema else None
    high = schema.get("maximum")
    if high is None:
        high = int(schema["exclusiveMaximum"]) - step if "exclusiveMaximum" in schema else None
    if low is None:
        low = 0 if high is None or high >= 0 else int(high) - 100
    return int(low), int(low) + 99 if high is None else int(high)
