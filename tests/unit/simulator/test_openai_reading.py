from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.simulator.ask import Ask, Tool
from headgate.simulator.knobs import NO_KNOBS
from headgate.simulator.openai_reading import read_chat
from headgate.simulator.refusals import Refusal

HELLO = [{"role": "user", "content": "hello"}]
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}}}


def read(**fields: Any) -> Ask:
    body = {"model": "sim/small", "messages": HELLO, **fields}
    return read_chat(msgspec.json.encode(body), None, NO_KNOBS)


def test_a_plain_question_has_defaults():
    ask = read()
    assert ("small", "sim/small", "hello", True) == (
        ask.model.name,
        ask.model_name,
        ask.last_user_text,
        ask.user_spoke_last,
    )
    assert (1, None, (), False, False) == (ask.choices, ask.max_tokens, ask.tools, ask.stream, ask.include_usage)


def test_prompt_tokens_are_text_and_three_for_each_message_and_for_the_prompt():
    assert 3 + 3 + 2 == read().prompt_tokens
    assert 3 + 3 + 2 + 3 + 1 == read(messages=[{"role": "system", "content": "hi"}, *HELLO]).prompt_tokens
    parts = [{"type": "text", "text": "hello"}, {"type": "text", "text": "you"}]
    assert 3 + 3 + 2 + 1 == read(messages=[{"role": "user", "content": parts}]).prompt_tokens


def test_tools_schemas_and_earlier_calls_count_by_their_bytes():
    plain = read().prompt_tokens
    tools = [TOOL]
    assert plain + -(-len(msgspec.json.encode(tools)) // 4) == read(tools=tools).prompt_tokens
    response_format = {"type": "json_object"}
    expected = plain + -(-len(msgspec.json.encode(response_format)) // 4)
    assert expected == read(response_format=response_format).prompt_tokens
    calls = [{"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}]
    earlier = {"role": "assistant", "content": None, "tool_calls": calls}
    assert plain + 3 + -(-len(msgspec.json.encode(calls)) // 4) == read(messages=[earlier, *HELLO]).prompt_tokens


texts = st.text(max_size=40)


@given(
    messages=st.lists(
        st.fixed_dictionaries(
            {"role": st.sampled_from(["user", "assistant", "system"])},
            optional={
                "content": texts | st.lists(st.builds(lambda text: {"type": "text", "text": text}, texts), max_size=3),
                "name": texts,
                "tool_calls": st.lists(st.fixed_dictionaries({"id": texts}), max_size=2),
            },
        ),
        min_size=1,
        max_size=5,
    ),
    tools=st.lists(st.just(TOOL), max_size=3),
)
def test_a_prompt_never_has_more_tokens_than_the_body_has_bytes(messages: list[Any], tools: list[Any]):
    body = msgspec.json.encode({"model": "small", "messages": messages, "tools": tools})
    assert read_chat(body, None, NO_KNOBS).prompt_tokens <= len(body)


def test_the_last_user_message_is_remembered_behind_a_tools_result():
    ask = read(messages=[*HELLO, {"role": "tool", "tool_call_id": "call_1", "content": "42"}])
    assert ("hello", False) == (ask.last_user_text, ask.user_spoke_last)


def test_equal_questions_have_equal_seeds_streamed_or_not():
    assert read().seed == read(stream=True, simulate={"latency_ms": 1}, model="small").seed
    assert read().seed != read(messages=[{"role": "user", "content": "hello?"}]).seed
    assert read().seed != read(model="large").seed
    assert read().seed != read(tools=[TOOL]).seed


def test_tools_and_their_choice_are_read():
    ask = read(
        tools=[TOOL], tool_choice={"type": "function", "function": {"name": "look_up"}}, parallel_tool_calls=False
    )
    assert ((Tool("look_up", {"type": "object", "properties": {}}),), "look_up", False) == (
        ask.tools,
        ask.forced_tool,
        ask.parallel,
    )
    assert read(tools=[TOOL], tool_choice="required").must_call
    assert not read(tools=[TOOL], tool_choice="none").may_call


@pytest.mark.parametrize(
    ("expected", "effort"), [(128, None), (0, "none"), (16, "minimal"), (48, "low"), (384, "high"), (768, "xhigh")]
)
def test_the_reasoner_reasons_by_effort(expected: int, effort: str | None):
    assert expected == read(model="sim/reasoner", reasoning_effort=effort).reasoning_tokens
    assert 0 == read(model="sim/large", reasoning_effort=effort).reasoning_tokens


def test_limits_stops_and_streaming_are_read():
    ask = read(
        max_completion_tokens=7, max_tokens=9, stop="x", n=2, stream=True, stream_options={"include_usage": True}
    )
    assert (7, ("x",), 2, True, True) == (ask.max_tokens, ask.stop, ask.choices, ask.stream, ask.include_usage)
    assert (9, ("x", "y")) == (read(max_tokens=9).max_tokens, read(stop=["x", "y"]).stop)


@pytest.mark.parametrize(
    ("status", "param", "fields"),
    [
        (400, "model", {"model": None}),
        (404, "model", {"model": "sim/huge"}),
        (400, "messages", {"messages": None}),
        (400, "messages", {"messages": []}),
        (400, "messages", {"messages": [{"role": "user", "content": "x" * 4 * 131_072}]}),
        (400, "max_tokens", {"max_tokens": 0}),
        (400, "n", {"n": 0}),
        (400, "temperature", {"temperature": 2.5}),
        (400, "stop", {"stop": list("abcde")}),
        (400, "stream_options", {"stream_options": {"include_usage": True}}),
        (400, "tool_choice", {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "other"}}}),
        (400, "response_format", {"response_format": {"type": "yaml"}}),
        (400, "response_format", {"response_format": {"type": "json_schema"}}),
        (400, "simulate.latency_ms", {"simulate": {"latency_ms": -1}}),
        (400, "reasoning_effort", {"model": "sim/reasoner", "reasoning_effort": "extreme"}),
    ],
)
def test_a_request_at_fault_is_refused_and_the_field_named(status: int, param: str, fields: dict[str, Any]):
    with pytest.raises(Refusal) as caught:
        read(**fields)
    assert (status, param) == (caught.value.status, caught.value.param)
