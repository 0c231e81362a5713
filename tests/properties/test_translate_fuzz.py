"""Bad input is refused by name: nothing but UntranslatableError ever comes out, whatever came in."""

import contextlib
import copy
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.domain.formats import Format
from headgate.translate.codec import UntranslatableError
from headgate.translate.registry import codec_for
from tests.kit import responses

MANY = settings(max_examples=250, deadline=None)
OPENAI, ANTHROPIC, GEMINI = Format.OPENAI_CHAT, Format.ANTHROPIC_MESSAGES, Format.GEMINI
RESPONSES = Format.OPENAI_RESPONSES
FORMATS = (OPENAI, ANTHROPIC, GEMINI, RESPONSES)
PROMPTS = {OPENAI: "messages", ANTHROPIC: "messages", GEMINI: "contents", RESPONSES: "input"}

REQUESTS = {
    RESPONSES: responses.REQUEST,
    OPENAI: {
        "model": "m",
        "messages": [
            {"role": "system", "content": "be brief"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "look", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
                    {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "reasoning_content": "hm",
                "reasoning_details": [{"type": "reasoning.text", "text": "hm", "signature": "s"}],
                "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}],
            },
            {"role": "tool", "tool_call_id": "a", "content": "done"},
            {"role": "developer", "content": "now"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": True}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
        "stop": ["x"],
        "max_tokens": 9,
        "temperature": 1,
        "reasoning_effort": "low",
        "thinking": {"type": "enabled"},
        "reasoning": {"effort": "low"},
        "stream": True,
        "stream_options": {"include_usage": True},
        "n": 1,
        "logit_bias": {},
        "modalities": ["text"],
        "user": "u",
        "parallel_tool_calls": False,
    },
    ANTHROPIC: {
        "model": "m",
        "max_tokens": 9,
        "system": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "look"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                    {
                        "type": "document",
                        "source": {"type": "text", "media_type": "text/plain", "data": "t"},
                        "title": "t",
                        "citations": {"enabled": False},
                    },
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s"},
                    {"type": "redacted_thinking", "data": "d"},
                    {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "a",
                        "content": [{"type": "text", "text": "done"}],
                        "is_error": True,
                    },
                ],
            },
        ],
        "tools": [{"name": "f", "type": "custom", "description": "d", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "stop_sequences": ["x"],
        "temperature": 0.5,
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}},
        "metadata": {"user_id": "u"},
        "stream": True,
        "cache_control": {"type": "ephemeral", "ttl": "5m"},
    },
    GEMINI: {
        "systemInstruction": {"parts": [{"text": "be brief"}]},
        "contents": [
            {
                "role": "user",
                "parts": [
                    {"text": "look"},
                    {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
                    {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.com/a.jpg"}},
                ],
            },
            {
                "role": "model",
                "parts": [
                    {"text": "hm", "thought": True, "thoughtSignature": "aGVhZGdhdGU6c2lnbmVkOnM="},
                    {"functionCall": {"name": "f", "args": {"x": 1}}, "thoughtSignature": "c2ln"},
                ],
            },
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"output": "done"}}}]},
        ],
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "f",
                        "parameters": {
                            "type": "OBJECT",
                            "properties": {"x": {"type": "INTEGER", "nullable": True, "minimum": "1"}},
                        },
                    },
                    {"name": "g", "parametersJsonSchema": {"type": "object"}},
                ]
            }
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
        "generationConfig": {
            "maxOutputTokens": 9,
            "temperature": 1,
            "topK": 40.0,
            "stopSequences": ["x"],
            "candidateCount": 1,
            "responseMimeType": "application/json",
            "responseSchema": {"anyOf": [{"type": "STRING", "enum": ["a"], "nullable": True}]},
            "thinkingConfig": {"thinkingBudget": 100, "includeThoughts": True},
            "responseModalities": ["TEXT"],
        },
        "safetySettings": [],
    },
}
ANSWERS = {
    RESPONSES: responses.ANSWER,
    OPENAI: {
        "id": "a",
        "model": "m",
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls",
                "message": {
                    "role": "assistant",
                    "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "x"}]}],
                    "refusal": None,
                    "reasoning": "hm",
                    "reasoning_details": [{"type": "reasoning.encrypted", "data": "d"}],
                    "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
                },
            }
        ],
    },
    ANTHROPIC: {
        "id": "a",
        "model": "m",
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 1, "output_tokens": 2},
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "t"},
            {"type": "tool_use", "id": "a", "name": "f", "input": {}},
        ],
    },
    GEMINI: {
        "responseId": "a",
        "modelVersion": "m",
        "usageMetadata": {
            "promptTokenCount": 3,
            "thoughtsTokenCount": 2,
            "promptTokensDetails": [{"modality": "IMAGE", "tokenCount": 1}],
        },
        "candidates": [
            {
                "index": 0,
                "finishReason": "STOP",
                "content": {
                    "role": "model",
                    "parts": [
                        {"text": "hm", "thought": True, "thoughtSignature": "c2ln"},
                        {"text": "t"},
                        {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "aGVhZGdhdGU6aGlkZGVuOmQ="},
                    ],
                },
            }
        ],
    },
}
EVENTS = {
    RESPONSES: responses.EVENTS,
    OPENAI: [
        {"id": "a", "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "hi"}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [
            {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": "{"}}]}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1}},
    ],
    ANTHROPIC: [
        {"type": "message_start", "message": {"id": "a", "model": "m", "usage": {"input_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "a", "name": "f"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "x"}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 3}},
        {"type": "message_stop"},
    ],
    GEMINI: [
        {"responseId": "a", "modelVersion": "m", "candidates": [
            {"index": 0, "content": {"parts": [{"text": "hi", "thought": True}]}}]},
        {"candidates": [{"content": {"parts": [{"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}}]}}]},
        {"candidates": [{"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}],
         "usageMetadata": {"promptTokenCount": 3}},
    ],
}  # fmt: skip

WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([-1, 0, 10**30, 1.5, "", "x", "null", "{", [], {}, [[]], [{}], {"type": "text"}, {"type": 1}]),
    st.text(max_size=6),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=3), max_size=2),
)


def places(value, path=()) -> list[tuple]:
    """Paths of everything inside a JSON value."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in children for place in places(child, (*path, key)))]


@st.composite
def broken(draw, whole):
    """The value with one or two places replaced, removed or joined by something unknown."""
    damaged = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 2))):
        *parents, last = draw(st.sampled_from([place for place in places(damaged) if place]))
        holder = damaged
        for key in parents:
            holder = holder[key]
        what = draw(st.sampled_from(["replace", "remove", "add"]))
        if what == "remove":
            del holder[last]
        elif what == "add" and isinstance(holder, dict):
            holder[draw(st.text(max_size=4))] = copy.deepcopy(draw(WRONG))
        else:
            holder[last] = copy.deepcopy(draw(WRONG))  # else the two places may share it
    return damaged


def through_both(own: Format, request: bytes) -> None:
    fields = msgspec.json.decode(request, type=dict[str, msgspec.Raw])
    for model in ("gpt-4o", "o3", "claude-opus-4-6", "claude-sonnet-4-5", "gemini-2.5-pro", "gemini-3-flash"):
        with contextlib.suppress(UntranslatableError):
            conversation = codec_for(own).parse_request(fields)
            for format_ in FORMATS:
                with contextlib.suppress(UntranslatableError):
                    body = codec_for(format_).render_request(conversation, model=model, default_max_tokens=4096)
                    assert isinstance(json.loads(body), dict)


@pytest.mark.parametrize("own", FORMATS)
@given(data=st.data())
@MANY
def test_a_request_with_anything_wrong_is_translated_or_refused(own, data):
    through_both(own, json.dumps(data.draw(broken(REQUESTS[own]))).encode())


@pytest.mark.parametrize("own", FORMATS)
@given(data=st.data())
@MANY
def test_an_answer_with_anything_wrong_is_translated_or_refused(own, data):
    body = json.dumps(data.draw(broken(ANSWERS[own]))).encode()
    with contextlib.suppress(UntranslatableError):
        answer = codec_for(own).parse_answer(body)
        for format_ in FORMATS:
            with contextlib.suppress(UntranslatableError):
                assert isinstance(json.loads(codec_for(format_).render_answer(answer, created=1)), dict)


@pytest.mark.parametrize("own", FORMATS)
@given(data=st.data())
@MANY
def test_a_stream_with_anything_wrong_is_translated_or_refused(own, data):
    events = data.draw(broken(EVENTS[own]))
    stream = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    with contextlib.suppress(UntranslatableError):
        parser = codec_for(own).answer_parser()
        deltas = [*parser.feed(stream), *parser.finish()]
        for format_ in FORMATS:
            renderer = codec_for(format_).answer_renderer(created=1, include_usage=True)
            assert b"".join(renderer.feed(delta) for delta in deltas) + renderer.finish()


@pytest.mark.parametrize("own", FORMATS)
@given(body=st.binary(max_size=60))
@MANY
def test_bytes_that_are_no_answer_are_refused(own, body):
    with contextlib.suppress(UntranslatableError):
        codec_for(own).parse_answer(body)
    parser = codec_for(own).answer_parser()
    with contextlib.suppress(UntranslatableError):
        parser.feed(b"data: " + body + b"\n\n")
        parser.finish()
    assert codec_for(own).parse_error(500, body)


@pytest.mark.parametrize("own", FORMATS)
def test_nesting_without_end_is_refused(own):
    deep = b"[" * 100_000 + b"]" * 100_000
    with pytest.raises(UntranslatableError):
        codec_for(own).parse_answer(
            b'{"choices":' + deep + b',"content":' + deep + b',"candidates":' + deep + b',"output":' + deep + b"}"
        )
    with pytest.raises(UntranslatableError):
        codec_for(own).parse_request({PROMPTS[own]: msgspec.Raw(deep)})
    assert codec_for(own).parse_error(500, deep)


@pytest.mark.parametrize("own", FORMATS)
def test_the_unbroken_examples_of_this_file_are_translated(own):
    other = ANTHROPIC if own is OPENAI else OPENAI
    fields = msgspec.json.decode(json.dumps(REQUESTS[own]).encode(), type=dict[str, msgspec.Raw])
    conversation = codec_for(own).parse_request(fields)
    assert b'"model":"m2"' in codec_for(other).render_request(conversation, model="m2", default_max_tokens=1)
    answer = codec_for(own).parse_answer(json.dumps(ANSWERS[own]).encode())
    assert b'"model":"m"' in codec_for(other).render_answer(answer, created=1)
