"""The official SDK against a running simulator."""

from typing import Any

import anthropic
import msgspec
import pytest

ORDER: list[Any] = [{"role": "user", "content": "Tell me about ships, please."}]
TOOLS: list[Any] = [
    {
        "name": name,
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
    for name in ("get_weather", "get_time")
]
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}}


def create(client: anthropic.Anthropic, model: str = "sim/large", **fields: Any) -> Any:
    fields = {"messages": ORDER, "max_tokens": 2048, **fields}
    return client.messages.create(model=model, **fields)


def events(client: anthropic.Anthropic, **fields: Any) -> list[Any]:
    with create(client, stream=True, **fields) as stream:
        return list(stream)


def fold(client: anthropic.Anthropic, **fields: Any) -> Any:
    fields = {"messages": ORDER, "max_tokens": 2048, "model": "sim/large", **fields}
    with client.messages.stream(**fields) as stream:
        return stream.get_final_message()


def without_ids(message: Any) -> dict[str, Any]:
    plain = message.model_dump(exclude={"id", "parsed_output"}, exclude_none=True)
    for block in plain["content"]:
        block.pop("id", None)
        block.pop("parsed_output", None)
    return plain


def test_an_answer_has_the_real_fields(anthropic_client: anthropic.Anthropic):
    message = create(anthropic_client)
    assert message.id.startswith("msg_01")
    assert ("message", "assistant", "sim/large", "end_turn") == (
        message.type,
        message.role,
        message.model,
        message.stop_reason,
    )
    assert ["text"] == [block.type for block in message.content]
    usage = message.usage
    assert (13, 0, 0, "standard") == (
        usage.input_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
        usage.service_tier,
    )
    assert message._request_id.startswith("req_01")


def test_events_come_in_order_with_a_ping_and_cumulative_usage(anthropic_client: anthropic.Anthropic, http: Any):
    body = {"model": "large", "max_tokens": 50, "messages": ORDER, "stream": True, "simulate": {"output_tokens": 2}}
    answer = http.post("/v1/messages", json=body, headers={"anthropic-version": "2023-06-01"})
    names = [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event: ")]
    assert [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ] == names
    parsed = events(anthropic_client, extra_body={"simulate": {"output_tokens": 2}})
    assert (13, 1) == (parsed[0].message.usage.input_tokens, parsed[0].message.usage.output_tokens)
    assert (13, 2) == (parsed[-2].usage.input_tokens, parsed[-2].usage.output_tokens)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        THINKING,
        {"tools": TOOLS, "tool_choice": {"type": "any"}},
        {"tools": TOOLS, "tool_choice": {"type": "auto"}, "messages": [{"role": "user", "content": "use the tool"}]},
        {"max_tokens": 5},
        {"stop_sequences": ["the"]},
        {"system": [{"type": "text", "text": "x" * 400, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
        {"extra_body": {"simulate": {"cached_tokens": 5, "tokens_per_chunk": 3}}},
        {"model": "sim/echo"},
    ],
)
def test_a_stream_folds_to_the_answer_that_is_not_streamed(
    anthropic_client: anthropic.Anthropic, fields: dict[str, Any]
):
    assert without_ids(create(anthropic_client, **fields)) == without_ids(fold(anthropic_client, **fields))


def test_thinking_comes_first_and_is_counted_inside_the_output(anthropic_client: anthropic.Anthropic):
    message = create(
        anthropic_client, extra_body={"simulate": {"reasoning_tokens": 20, "output_tokens": 5}}, **THINKING
    )
    assert ["thinking", "text"] == [block.type for block in message.content]
    assert message.content[0].signature
    assert (25, 20) == (message.usage.output_tokens, message.usage.output_tokens_details.thinking_tokens)


@pytest.mark.parametrize(
    ("expected", "choice"),
    [
        (["get_weather", "get_time"], {"type": "any"}),
        (["get_weather"], {"type": "any", "disable_parallel_tool_use": True}),
        (["get_time"], {"type": "tool", "name": "get_time"}),
    ],
)
def test_tools_are_called(anthropic_client: anthropic.Anthropic, expected: list[str], choice: dict[str, Any]):
    message = create(anthropic_client, tools=TOOLS, tool_choice=choice)
    assert ("tool_use", expected) == (message.stop_reason, [block.name for block in message.content])
    assert all(block.input["city"] for block in message.content)
    assert len(expected) == len({block.id for block in message.content})


def test_after_a_tools_result_the_model_answers_in_text(anthropic_client: anthropic.Anthropic):
    asked = [{"role": "user", "content": "use the tool get_time"}]
    called = create(anthropic_client, tools=TOOLS, messages=asked)
    result = {"type": "tool_result", "tool_use_id": called.content[0].id, "content": "12:00"}
    assistant = {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in called.content]}
    message = create(anthropic_client, tools=TOOLS, messages=[*asked, assistant, {"role": "user", "content": [result]}])
    assert ("end_turn", "text") == (message.stop_reason, message.content[0].type)


def test_limits_and_stop_sequences_end_an_answer_with_their_reason(anthropic_client: anthropic.Anthropic):
    cut = create(anthropic_client, max_tokens=5)
    assert ("max_tokens", 5) == (cut.stop_reason, cut.usage.output_tokens)
    stopped = create(anthropic_client, "sim/echo", stop_sequences=["!", ", please"])
    assert ("stop_sequence", ", please", "Tell me about ships") == (
        stopped.stop_reason,
        stopped.stop_sequence,
        stopped.content[0].text,
    )


def test_a_call_that_is_cut_off_has_no_arguments(anthropic_client: anthropic.Anthropic):
    message = create(anthropic_client, tools=TOOLS, tool_choice={"type": "any"}, max_tokens=6)
    assert ("max_tokens", {}) == (message.stop_reason, message.content[0].input)


def test_cached_tokens_lie_beside_the_input(anthropic_client: anthropic.Anthropic):
    system = [
        {"type": "text", "text": "x" * 400, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "text", "text": "y" * 40, "cache_control": {"type": "ephemeral"}},
    ]
    usage = create(anthropic_client, system=system, extra_body={"simulate": {"cached_tokens": 50}}).usage
    assert (10, 50, 63) == (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens)
    assert (10, 53) == (
        usage.cache_creation.ephemeral_5m_input_tokens,
        usage.cache_creation.ephemeral_1h_input_tokens,
    )


def test_a_schema_gives_json_that_fits(anthropic_client: anthropic.Anthropic):
    schema = {"type": "object", "properties": {"ships": {"type": "integer"}}, "required": ["ships"]}
    config = {"format": {"type": "json_schema", "schema": schema}}
    message = create(anthropic_client, output_config=config)
    assert isinstance(msgspec.json.decode(message.content[0].text)["ships"], int)


def test_usage_may_be_left_out(http: Any, bill: Any):
    body = {"model": "large", "max_tokens": 9, "messages": ORDER, "simulate": {"no_usage": True, "output_tokens": 3}}
    for stream in (False, True):
        answer = http.post("/v1/messages", json={**body, "stream": stream}, headers={"anthropic-version": "2023-06-01"})
        assert "usage" not in answer.text
    assert [{"input": 13, "output": 3}] * 2 == [entry["usage"] for entry in bill.entries()]
