import json
from typing import Any

import pytest

from headgate.simulator.knobs import Knobs
from headgate.simulator.openai_responses_reading import Wish, read_responses
from headgate.simulator.refusals import Refusal
from headgate.simulator.stored import StoredResponses


def read(**fields: Any) -> Wish:
    body = {"model": "sim/small", "input": "12345678", **fields}
    return read_responses(json.dumps(body).encode(), None, Knobs(), StoredResponses())


def test_a_prompt_is_its_texts_and_three_tokens_around_each():
    assert 3 + 3 + 2 == read().ask.prompt_tokens
    assert 3 + 2 * (3 + 2) == read(instructions="12345678").ask.prompt_tokens
    said = {"role": "user", "content": [{"type": "input_text", "text": "12345678"}]}
    output = {"type": "function_call_output", "call_id": "c", "output": "12345678"}
    assert 3 + 2 * (3 + 2) == read(input=[said, output]).ask.prompt_tokens


def test_the_last_word_of_the_user_is_found():
    said = {"role": "user", "content": "use the tool"}
    ask = read(input=[said, {"type": "function_call_output", "call_id": "c", "output": "done"}]).ask
    assert ("use the tool", False) == (ask.last_user_text, ask.user_spoke_last)


def test_what_is_stored_unless_told_not_to():
    assert read().store
    assert not read(store=False).store


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"model": "sim/none"}, "model"),
        ({"background": True}, "background"),
        ({"max_output_tokens": 15}, "max_output_tokens"),
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"tool_choice": {"type": "function", "name": "x"}}, "tool_choice"),
        ({"text": {"format": {"type": "odd"}}}, "text.format"),
        ({"model": "sim/reasoner", "reasoning": {"effort": "odd"}}, "reasoning.effort"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], param: str):
    with pytest.raises(Refusal) as refusal:
        read(**fields)
    assert param == refusal.value.param
