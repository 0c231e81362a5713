"""The official SDK against a running simulator."""

from typing import Any

import msgspec
import openai
import pytest

ORDER = [{"role": "user", "content": "Tell me about ships, please."}]
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    for name in ("get_weather", "get_time")
]


def create(client: openai.OpenAI, model: str = "sim/small", **fields: Any) -> Any:
    fields = {"messages": ORDER, **fields}
    return client.chat.completions.create(model=model, **fields)


def stream(client: openai.OpenAI, model: str = "sim/small", **fields: Any) -> list[Any]:
    with create(client, model, stream=True, **fields) as chunks:
        return list(chunks)


def text_of(chunks: list[Any], index: int = 0) -> str:
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices if choice.index == index)


def finishes(chunks: list[Any]) -> list[str]:
    return [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]


def test_an_answer_has_the_real_fields(openai_client: openai.OpenAI):
    answer = create(openai_client)
    assert answer.id.startswith("chatcmpl-")
    assert ("chat.completion", "sim/small", "default") == (answer.object, answer.model, answer.service_tier)
    assert answer.system_fingerprint.startswith("fp_")
    assert ("assistant", "stop", None) == (
        answer.choices[0].message.role,
        answer.choices[0].finish_reason,
        answer.choices[0].message.refusal,
    )
    usage = answer.usage
    assert usage.prompt_tokens + usage.completion_tokens == usage.total_tokens
    assert (0, 0) == (usage.prompt_tokens_details.cached_tokens, usage.completion_tokens_details.reasoning_tokens)
    assert answer._request_id.startswith("req_")


def test_echo_repeats_the_question_under_either_name(openai_client: openai.OpenAI):
    for model in ("sim/echo", "echo"):
        answer = create(openai_client, model)
        assert (model, ORDER[0]["content"]) == (answer.model, answer.choices[0].message.content)


def test_a_stream_folds_to_the_answer_that_is_not_streamed(openai_client: openai.OpenAI):
    whole = create(openai_client)
    chunks = stream(openai_client)
    assert whole.choices[0].message.content == text_of(chunks)
    assert ["stop"] == finishes(chunks)
    assert "assistant" == chunks[0].choices[0].delta.role
    assert 1 == len({chunk.id for chunk in chunks})


def test_usage_comes_only_when_asked_for_in_a_last_chunk_without_choices(openai_client: openai.OpenAI):
    whole = create(openai_client)
    *others, last = stream(openai_client, stream_options={"include_usage": True})
    assert ([], whole.usage) == (last.choices, last.usage)
    assert all(chunk.usage is None and "usage" in chunk.model_fields_set for chunk in others)
    assert not any("usage" in chunk.model_fields_set for chunk in stream(openai_client))


def test_several_choices_are_streamed_side_by_side(openai_client: openai.OpenAI):
    whole = create(openai_client, n=3)
    chunks = stream(openai_client, n=3, stream_options={"include_usage": True})
    assert [choice.message.content for choice in whole.choices] == [text_of(chunks, index) for index in range(3)]
    assert ["stop"] * 3 == finishes(chunks)
    assert whole.usage == chunks[-1].usage
    order = [choice.index for chunk in chunks for choice in chunk.choices]
    assert [0, 1, 2, 0, 1, 2] == order[:6]


@pytest.mark.parametrize(
    ("expected", "extra"),
    [
        (["get_weather", "get_time"], {"tool_choice": "required"}),
        (["get_weather"], {"tool_choice": "required", "parallel_tool_calls": False}),
        (["get_time"], {"tool_choice": {"type": "function", "function": {"name": "get_time"}}}),
        (["get_weather", "get_time"], {"messages": [{"role": "user", "content": "use the tools"}]}),
        (None, {"tool_choice": "auto"}),
        (None, {"tool_choice": "none", "messages": [{"role": "user", "content": "use the tools"}]}),
    ],
)
def test_tools_are_called(openai_client: openai.OpenAI, expected: list[str] | None, extra: dict[str, Any]):
    choice = create(openai_client, tools=TOOLS, **extra).choices[0]
    if expected is None:
        assert (None, "stop") == (choice.message.tool_calls, choice.finish_reason)
        return
    assert (None, "tool_calls") == (choice.message.content, choice.finish_reason)
    assert expected == [call.function.name for call in choice.message.tool_calls]
    assert all(msgspec.json.decode(call.function.arguments)["city"] for call in choice.message.tool_calls)
    assert len(expected) == len({call.id for call in choice.message.tool_calls})


def test_streamed_tool_calls_fold_to_those_that_are_not_streamed(openai_client: openai.OpenAI):
    whole = create(openai_client, tools=TOOLS, tool_choice="required", stream=False)
    with openai_client.chat.completions.stream(
        model="sim/small", messages=ORDER, tools=TOOLS, tool_choice="required", stream_options={"include_usage": True}
    ) as events:
        folded = events.get_final_completion()
    expected = [(call.function.name, call.function.arguments) for call in whole.choices[0].message.tool_calls]
    actual = [(call.function.name, call.function.arguments) for call in folded.choices[0].message.tool_calls]
    assert expected == actual
    assert ("tool_calls", whole.usage) == (folded.choices[0].finish_reason, folded.usage)


def test_after_a_tools_result_the_model_answers_in_text(openai_client: openai.OpenAI):
    asked = [{"role": "user", "content": "use the tool get_time"}]
    called = create(openai_client, tools=TOOLS, messages=asked).choices[0].message
    result = {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": "12:00"}
    messages = [*asked, called.model_dump(exclude_none=True), result]
    choice = create(openai_client, tools=TOOLS, messages=messages).choices[0]
    assert "stop" == choice.finish_reason
    assert choice.message.content


def test_a_schema_gives_json_that_fits(openai_client: openai.OpenAI):
    schema = {"type": "object", "properties": {"harbour": {"type": "string"}, "ships": {"type": "integer"}}}
    response_format = {"type": "json_schema", "json_schema": {"name": "report", "schema": schema, "strict": True}}
    report = msgspec.json.decode(create(openai_client, response_format=response_format).choices[0].message.content)
    assert {"harbour": str, "ships": int} == {name: type(value) for name, value in report.items()}
    plain = create(openai_client, response_format={"type": "json_object"}).choices[0].message.content
    assert isinstance(msgspec.json.decode(plain), dict)


def test_limits_and_stop_sequences_end_an_answer_with_their_reason(openai_client: openai.OpenAI):
    cut = create(openai_client, max_completion_tokens=5)
    assert ("length", 5) == (cut.choices[0].finish_reason, cut.usage.completion_tokens)
    stopped = create(openai_client, "sim/echo", stop=[", please"])
    assert ("stop", "Tell me about ships") == (stopped.choices[0].finish_reason, stopped.choices[0].message.content)
    assert ["length"] == finishes(stream(openai_client, max_tokens=5))


def test_the_reasoner_reports_reasoning_inside_the_completion(openai_client: openai.OpenAI):
    knobs = {"simulate": {"reasoning_tokens": 40, "output_tokens": 10, "cached_tokens": 6}}
    answer = create(openai_client, "sim/reasoner", extra_body=knobs)
    usage = answer.usage
    assert (50, 40) == (usage.completion_tokens, usage.completion_tokens_details.reasoning_tokens)
    assert (6, 13) == (usage.prompt_tokens_details.cached_tokens, usage.prompt_tokens)
    chunks = stream(openai_client, "sim/reasoner", extra_body=knobs, stream_options={"include_usage": True})
    assert (answer.choices[0].message.content, usage) == (text_of(chunks), chunks[-1].usage)


def test_cache_writes_are_shown_inside_the_prompt(openai_client: openai.OpenAI):
    usage = create(openai_client, extra_body={"simulate": {"cache_write_tokens": 4}}).usage
    assert (4, 13) == (usage.prompt_tokens_details.cache_write_tokens, usage.prompt_tokens)


def test_chunks_can_be_larger_than_a_token(openai_client: openai.OpenAI):
    chunks = stream(openai_client, extra_body={"simulate": {"output_tokens": 10, "tokens_per_chunk": 4}})
    sizes = [len(chunk.choices[0].delta.content) for chunk in chunks if chunk.choices[0].delta.content]
    assert [16, 16, 8] == sizes


def test_a_stream_may_start_without_choices_as_azures_does(openai_client: openai.OpenAI):
    first, second, *_ = stream(openai_client, extra_body={"simulate": {"empty_first_chunk": True}})
    assert ([], "assistant") == (first.choices, second.choices[0].delta.role)


def test_usage_may_come_with_the_last_content_as_mistrals_does(openai_client: openai.OpenAI):
    whole = create(openai_client)
    for asked in ({}, {"stream_options": {"include_usage": True}}):
        chunks = stream(openai_client, extra_body={"simulate": {"usage_in_last_content": True}}, **asked)
        assert ("stop", whole.usage) == (chunks[-1].choices[0].finish_reason, chunks[-1].usage)
        assert 1 == sum(chunk.usage is not None for chunk in chunks)


def test_a_tool_call_may_come_in_one_chunk_as_mistrals_does(openai_client: openai.OpenAI, bill: Any):
    ask = {"tools": TOOLS, "tool_choice": "required"}
    whole = create(openai_client, **ask).choices[0].message.tool_calls
    billed = bill.last()["billed_nano"]
    chunks = stream(openai_client, **ask, extra_body={"simulate": {"calls_in_one_chunk": True}})
    calls = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or []]
    assert [(call.function.name, call.function.arguments) for call in whole] == [
        (call.function.name, call.function.arguments) for call in calls
    ]
    assert billed == bill.last()["billed_nano"]


def test_usage_may_be_left_out(openai_client: openai.OpenAI, bill: Any):
    knobs = {"simulate": {"no_usage": True, "output_tokens": 3}}
    assert create(openai_client, extra_body=knobs).usage is None
    chunks = stream(openai_client, extra_body=knobs, stream_options={"include_usage": True})
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)
    assert [{"input": 13, "output": 3}] * 2 == [entry["usage"] for entry in bill.entries()]
