import json

import msgspec
import pytest

from headgate.pricing.shapes.gemini_config import asks_to_think, generation_config, thinking_budget


def config(given: object, name: str = "generationConfig") -> dict[str, msgspec.Raw]:
    return generation_config({name: msgspec.Raw(json.dumps(given).encode())})


@pytest.mark.parametrize("given", [None, [], "x", 3])
def test_what_is_no_object_says_nothing(given: object):
    assert {} == config(given) == generation_config({})


@pytest.mark.parametrize(
    ("thinking", "asked", "budget"),
    [
        (None, None, None),
        ({}, None, None),
        ({"thinkingBudget": 0}, False, 0),
        ({"thinking_budget": 512}, True, 512),
        ({"thinkingBudget": -1}, True, None),
        ({"includeThoughts": False}, True, None),
        ({"thinkingLevel": "LOW"}, True, None),
    ],
)
def test_how_much_is_to_be_thought(thinking: object, asked: bool | None, budget: int | None):
    found = config({"thinkingConfig": thinking} if thinking is not None else {})
    assert (asked, budget) == (asks_to_think(found), thinking_budget(found))
