from typing import Any

import msgspec
import pytest

from headgate.simulator.ask import Ask
from headgate.simulator.cohere_reading import read_cohere
from headgate.simulator.knobs import NO_KNOBS
from headgate.simulator.refusals import Refusal

HELLO = [{"role": "user", "content": "hello"}]
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}


def read(**fields: Any) -> Ask:
    return read_cohere(msgspec.json.encode({"model": "sim/small", "messages": HELLO, **fields}), None, NO_KNOBS)


def test_a_plain_question_has_defaults():
    ask = read()
    assert ("small", "sim/small", "hello", True) == (
        ask.model.name,
        ask.model_name,
        ask.last_user_text,
        ask.user_spoke_last,
    )
    assert (None, (), False, 3 + 3 + 2) == (ask.max_tokens, ask.tools, ask.stream, ask.prompt_tokens)


def test_what_is_given_is_read():
    ask = read(tools=[TOOL], tool_choice="REQUIRED", max_tokens=9, stop_sequences=["a"], stream=True)
    assert (["look_up"], True, 9, ("a",), True) == (
        [tool.name for tool in ask.tools], ask.must_call, ask.max_tokens, ask.stop, ask.stream,
    )  # fmt: skip
    assert not read(tools=[TOOL], tool_choice="NONE").may_call
    for name in ("schema", "json_schema"):
        assert {"type": "object"} == read(response_format={"type": "json_object", name: {"type": "object"}}).schema
    assert read(response_format={"type": "json_object"}).schema
    assert read(response_format={"type": "text"}).schema is None


@pytest.mark.parametrize(
    ("thinking", "expected"),
    [
        (None, 128),
        ({"type": "disabled"}, 0),
        ({"type": "enabled"}, 128),
        ({"type": "enabled", "token_budget": 20}, 20),
    ],
)
def test_models_that_reason_do_unless_told_not_to(thinking: Any, expected: int):
    assert expected == read(model="sim/reasoner", thinking=thinking).reasoning_tokens
    assert 0 == read().reasoning_tokens


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (400, {"model": None}),
        (404, {"model": "sim/embed"}),
        (400, {"messages": None}),
        (400, {"p": 1.0}),
        (400, {"stop_sequences": ["a"] * 6}),
        (400, {"tool_choice": "AUTO"}),
        (400, {"thinking": {"type": "enabled"}}),
        (400, {"simulate": {"nonsense": 1}}),
    ],
)
def test_what_cohere_would_refuse_is_refused(status: int, fields: dict[str, Any]):
    with pytest.raises(Refusal) as refused:
        read(**fields)
    assert status == refused.value.status
