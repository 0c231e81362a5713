from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.simulator.anthropic_reading import read_messages
from headgate.simulator.ask import Ask
from headgate.simulator.knobs import NO_KNOBS
from headgate.simulator.refusals import Refusal

HELLO = [{"role": "user", "content": "hello"}]
TOOL = {"name": "look_up", "input_schema": {"type": "object"}}
MARK = {"type": "ephemeral"}
MARK_1H = {"type": "ephemeral", "ttl": "1h"}


def read(*, counting: bool = False, **fields: Any) -> Ask:
    body = {"model": "sim/large", "max_tokens": 2048, "messages": HELLO, **fields}
    return read_messages(msgspec.json.encode(body), None, NO_KNOBS, counting=counting)


def test_prompt_tokens_are_tools_system_and_messages():
    assert 3 + 3 + 2 == read().prompt_tokens
    assert 3 + 3 + 2 + 1 == read(system="hi").prompt_tokens
    assert 3 + 3 + 2 + 1 == read(system=[{"type": "text", "text": "hi"}]).prompt_tokens
    assert 3 + 3 + 2 + -(-len(msgspec.json.encode(TOOL)) // 4) == read(tools=[TOOL]).prompt_tokens


def test_what_lies_before_a_cache_marker_is_to_be_written():
    system = [
        {"type": "text", "text": "x" * 400, "cache_control": MARK_1H},
        {"type": "text", "text": "y" * 40, "cache_control": MARK},
        {"type": "text", "text": "z" * 4},
    ]
    ask = read(system=system)
    assert (3 + 100, 3 + 110, 3 + 111 + 3 + 2) == (
        ask.cache_write_1h_tokens,
        ask.cache_write_tokens,
        ask.prompt_tokens,
    )


def test_a_marked_tool_and_a_marked_block_count_too():
    marked = {**TOOL, "cache_control": MARK}
    assert 3 + -(-len(msgspec.json.encode(marked)) // 4) == read(tools=[marked]).cache_write_tokens
    content = [{"type": "text", "text": "hello", "cache_control": MARK}]
    ask = read(messages=[{"role": "user", "content": content}])
    assert ask.prompt_tokens == ask.cache_write_tokens


texts = st.text(max_size=40)
blocks = st.fixed_dictionaries({"type": st.just("text"), "text": texts}) | st.fixed_dictionaries(
    {"type": st.just("tool_use"), "id": texts, "name": texts, "input": st.dictionaries(texts, texts, max_size=2)}
)
contents = texts | st.lists(blocks, max_size=3)


@given(
    messages=st.lists(
        st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": contents}),
        min_size=1,
        max_size=5,
    ),
    system=st.none() | contents,
    tools=st.lists(st.just(TOOL), max_size=3),
)
def test_a_prompt_never_has_more_tokens_than_the_body_has_bytes(messages: list[Any], system: Any, tools: list[Any]):
    fields = {"model": "small", "messages": messages, "tools": tools, "system": system}
    body = msgspec.json.encode(fields)
    assert read_messages(body, None, NO_KNOBS, counting=True).prompt_tokens <= len(body)


def test_a_tools_result_is_not_the_user_speaking():
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "42"}]}
    ask = read(messages=[*HELLO, {"role": "assistant", "content": "let me see"}, result])
    assert ("hello", False) == (ask.last_user_text, ask.user_spoke_last)
    assert read().user_spoke_last


def test_tool_choices_are_read():
    assert "look_up" == read(tools=[TOOL], tool_choice={"type": "tool", "name": "look_up"}).forced_tool
    assert read(tools=[TOOL], tool_choice={"type": "any"}).must_call
    assert not read(tools=[TOOL], tool_choice={"type": "none"}).may_call
    assert not read(tools=[TOOL], tool_choice={"type": "auto", "disable_parallel_tool_use": True}).parallel


@pytest.mark.parametrize(
    ("expected", "thinking"),
    [
        (0, None),
        (0, {"type": "disabled"}),
        (96, {"type": "adaptive"}),
        (96, {"type": "enabled", "budget_tokens": 1024}),
    ],
)
def test_thinking_is_as_long_as_it_is_enabled(expected: int, thinking: object):
    assert expected == read(thinking=thinking).reasoning_tokens


def test_a_schema_is_found_in_both_places():
    schema = {"type": "object"}
    assert schema == read(output_config={"format": {"type": "json_schema", "schema": schema}}).schema
    assert schema == read(output_format={"type": "json_schema", "schema": schema}).schema
    assert read(output_config={"effort": "low"}).schema is None


def test_counting_needs_no_max_tokens():
    assert read().prompt_tokens == read(counting=True, max_tokens=None).prompt_tokens


@pytest.mark.parametrize(
    ("status", "param", "fields"),
    [
        (400, "model", {"model": None}),
        (404, "model", {"model": "sim/embed"}),
        (400, "messages", {"messages": None}),
        (400, "messages", {"messages": []}),
        (400, "messages", {"messages": [{"role": "robot", "content": "x"}]}),
        (400, "max_tokens", {"max_tokens": None}),
        (400, "max_tokens", {"max_tokens": 0}),
        (400, "temperature", {"temperature": 1.5}),
        (400, "tool_choice", {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "other"}}),
        (400, "tool_choice", {"tool_choice": {"type": "some"}}),
        (400, "thinking", {"thinking": {"type": "enabled"}}),
        (400, "thinking.budget_tokens", {"thinking": {"type": "enabled", "budget_tokens": 100}}),
        (400, "thinking.budget_tokens", {"thinking": {"type": "enabled", "budget_tokens": 2048}}),
    ],
)
def test_a_request_at_fault_is_refused_and_the_field_named(status: int, param: str, fields: dict[str, Any]):
    with pytest.raises(Refusal) as caught:
        read(**fields)
    assert (status, param) == (caught.value.status, caught.value.param)
