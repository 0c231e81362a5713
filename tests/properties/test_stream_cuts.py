"""Cutting a stream anywhere changes nothing: neither what the client receives nor what is metered."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.domain.formats import Format
from headgate.domain.usage import usage_of
from headgate.translate.registry import codec_for
from tests.kit.fakes import chat_stream, event, message_stream
from tests.kit.responses import response_stream, written
from tests.kit.streams import DOORS, SPEAKERS, cut, passage
from tests.kit.translation import streams

CHAT, MESSAGES, RESPONSES = Format.OPENAI_CHAT, Format.ANTHROPIC_MESSAGES, Format.OPENAI_RESPONSES
GEMINI = Format.GEMINI


def chunk(**fields: object) -> bytes:
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
    return event(head | {"choices": []} | fields)


def choice(delta: dict, reason: str | None = None) -> list[dict]:
    return [{"index": 0, "delta": delta, "finish_reason": reason}]


def tool_call(**function: str) -> dict:
    return {"tool_calls": [{"index": 0, **({"id": "call_1", "type": "function"} if "name" in function else {}),
                            "function": function}]}  # fmt: skip


TOOLS = b"".join(
    [
        chunk(choices=choice({"role": "assistant", "content": None, **tool_call(name="look_up", arguments="")})),
        chunk(choices=choice(tool_call(arguments='{"city": "Zür'))),
        chunk(choices=choice(tool_call(arguments='ich"}'))),
        chunk(choices=choice({}, "tool_calls")),
        chunk(usage={"prompt_tokens": 20, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 8}}),
        event("[DONE]"),
    ]
)
CHAT_ERROR = b"".join([*chat_stream()[:2], event({"error": {"message": "overloaded", "code": 529}})])
MESSAGE_ERROR = b"".join(
    [*message_stream()[:4], event({"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}}, "error")]
)
THINKING = b"".join(
    [
        message_stream()[0],
        event({"type": "ping"}, "ping"),
        *(
            event(document, document["type"])
            for document in [
                {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
                {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm.\n\n"}},
                {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "c2ln"}},
                {"type": "content_block_stop", "index": 0},
                {
                    "type": "content_block_start",
                    "index": 1,
                    "content_block": {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {}},
                },
                {
                    "type": "content_block_delta",
                    "index": 1,
                    "delta": {"type": "input_json_delta", "partial_json": '{"a": "ü"}'},
                },
                {"type": "content_block_stop", "index": 1},
            ]
        ),
        *message_stream()[-2:],
    ]
)
PLAIN, MESSAGE, RESPONSE = b"".join(chat_stream()), b"".join(message_stream()), b"".join(response_stream())
UNNAMED = b"".join(b"\n".join([*raw.strip().split(b"\n")[::-1], b"\n"]) for raw in response_stream())
FAILURE = written(
    [
        {"type": "error", "error": {"type": "server_error", "code": "server_error", "message": "Busy"}},
        {"type": "response.failed", "response": {"status": "failed", "error": {"code": "x", "message": "Busy"}}},
    ]
)


def said_by_gemini(*parts: dict, **fields: object) -> dict:
    candidate = {"content": {"role": "model", "parts": list(parts)}, "index": 0, **fields}
    usage = {"promptTokenCount": 20, "candidatesTokenCount": 9, "thoughtsTokenCount": 3, "totalTokenCount": 32}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash", "responseId": "r"}


GEMINI_PARTS = [
    said_by_gemini({"text": "Hm.\n\n", "thought": True}),
    said_by_gemini({"text": 'Hi ünd [{"a": 1}]\r\n'}),
    said_by_gemini({"functionCall": {"name": "look_up", "args": {"a": "}{]"}}, "thoughtSignature": "c2ln"}),
    said_by_gemini({"text": ""}, finishReason="STOP"),
]
GEMINI_ERROR = {"error": {"code": 503, "message": "Busy", "status": "UNAVAILABLE"}}


def told(*parts: dict) -> bytes:
    return b"".join(b"data: " + json.dumps(part).encode() + b"\r\n\r\n" for part in parts)


GEMINI_TELLS = told(*GEMINI_PARTS)


def array_of(*parts: dict) -> bytes:
    """As Google writes it."""
    return b"[" + b"\n,\r\n".join(json.dumps(part, indent=2).encode() for part in parts) + b"\n]\n"


ARRAYS = {
    "array": array_of(*GEMINI_PARTS),
    "array in one line": json.dumps(GEMINI_PARTS, separators=(",", ":")).encode(),
    "array that breaks off in an element": array_of(*GEMINI_PARTS)[:-90],
    "array without its end": array_of(*GEMINI_PARTS)[:-3],
    "array with an error in it": array_of(*GEMINI_PARTS[:2], GEMINI_ERROR),
    "array of nothing": b"[]",
    "no array at all": b"<html>[</html>",
    "nothing at all": b"",
}

STREAMS = {
    "chat": (CHAT, PLAIN),
    "chat without usage": (CHAT, b"".join(chat_stream(usage=False))),
    "chat that breaks off in an event": (CHAT, PLAIN[:-40]),
    "chat without a last blank line": (CHAT, PLAIN.rstrip(b"\n")),
    "chat with CRLF": (CHAT, PLAIN.replace(b"\n", b"\r\n")),
    "chat with comments": (CHAT, b": OPENROUTER PROCESSING\n\n" + PLAIN.replace(b"\n\n", b"\n\n: ping\n\n", 2)),
    "chat with too many blank lines": (CHAT, PLAIN.replace(b"\n\n", b"\n\n\n")),
    "chat with a tool call": (CHAT, TOOLS),
    "chat with an error in it": (CHAT, CHAT_ERROR),
    "chat that talks about usage": (CHAT, PLAIN.replace(b'"Hi"', json.dumps('"usage": {"prompt_tokens": 9}').encode())),
    "message": (MESSAGES, MESSAGE),
    "message that breaks off in an event": (MESSAGES, MESSAGE[:-50]),
    "message without a last blank line": (MESSAGES, MESSAGE.rstrip(b"\n")),
    "message with CRLF": (MESSAGES, MESSAGE.replace(b"\n", b"\r\n")),
    "message with thinking and a tool call": (MESSAGES, THINKING),
    "message with an error in it": (MESSAGES, MESSAGE_ERROR),
    "response": (RESPONSES, RESPONSE),
    "response that breaks off in an event": (RESPONSES, RESPONSE[:-60]),
    "response with DONE behind it": (RESPONSES, RESPONSE + b"data: [DONE]\n\n"),
    "response whose data comes before its name": (RESPONSES, UNNAMED),
    "response that failed": (RESPONSES, b"".join([*response_stream()[:6], *FAILURE])),
    "gemini": (GEMINI, GEMINI_TELLS),
    "gemini with line feeds alone": (GEMINI, GEMINI_TELLS.replace(b"\r\n\r\n", b"\n\n")),
    "gemini that breaks off in an event": (GEMINI, GEMINI_TELLS[:-60]),
    "gemini without a last blank line": (GEMINI, GEMINI_TELLS.rstrip()),
    "gemini with an error in it": (GEMINI, told(*GEMINI_PARTS[:2], GEMINI_ERROR)),
    "gemini with a reason in every event": (
        GEMINI,
        b"".join(event(said_by_gemini({"text": word}, finishReason="STOP")) for word in ("one", "two")),
    ),
    "nothing at all": (CHAT, b""),
    "no stream at all": (MESSAGES, b"<html>\n\nproxy</html>"),
}
SIDES = [
    pytest.param(CHAT, True, id="to chat"),
    pytest.param(CHAT, False, id="to chat, usage not asked for"),
    pytest.param(MESSAGES, True, id="to messages"),
    pytest.param(RESPONSES, True, id="to responses"),
    pytest.param(GEMINI, True, id="to gemini"),
]


@pytest.mark.parametrize(("client", "usage_asked"), SIDES)
@pytest.mark.parametrize("name", STREAMS)
def test_one_cut_anywhere_changes_nothing(name: str, client: Format, usage_asked: bool):
    format_, stream = STREAMS[name]
    door, provider = DOORS[client], SPEAKERS[format_]
    expected = passage([stream], door, provider, usage_asked=usage_asked)
    for place in range(len(stream) + 1):
        assert expected == passage(cut(stream, [place]), door, provider, usage_asked=usage_asked), place


@pytest.mark.parametrize(("client", "usage_asked"), SIDES)
@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_small_pieces_change_nothing(name: str, client: Format, usage_asked: bool, size: int):
    format_, stream = STREAMS[name]
    door, provider = DOORS[client], SPEAKERS[format_]
    expected = passage([stream], door, provider, usage_asked=usage_asked)
    pieces = cut(stream, range(0, len(stream), size))
    assert expected == passage(pieces, door, provider, usage_asked=usage_asked)


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_passes_however_it_is_cut(name: str):
    door, provider, stream = DOORS[GEMINI], SPEAKERS[GEMINI], ARRAYS[name]
    expected = passage([stream], door, provider, as_array=True)
    assert stream == expected.given
    for place in range(len(stream) + 1):
        assert expected == passage(cut(stream, [place]), door, provider, as_array=True), place
    for size in (1, 2, 3, 7):
        assert expected == passage(cut(stream, range(0, len(stream), size)), door, provider, as_array=True), size


@pytest.mark.parametrize("name", STREAMS)
def test_an_array_is_made_alike_however_its_source_is_cut(name: str):
    format_, stream = STREAMS[name]
    if format_ is GEMINI:
        return  # Passes through, as it is asked for.
    door, provider = DOORS[GEMINI], SPEAKERS[format_]
    expected = passage([stream], door, provider, as_array=True)
    for place in range(len(stream) + 1):
        assert expected == passage(cut(stream, [place]), door, provider, as_array=True), place
    if expected.given is not None:
        assert json.loads(expected.given)


def test_what_is_compared_is_there():
    array, events = (
        passage([stream], DOORS[GEMINI], SPEAKERS[GEMINI], as_array=stream is ARRAYS["array"])
        for stream in (ARRAYS["array"], GEMINI_TELLS)
    )
    assert usage_of(input=20, output=9, output_reasoning=3) == array.reading.usage == events.reading.usage
    assert array.reading.complete
    given = passage([PLAIN], DOORS[CHAT], SPEAKERS[CHAT])
    assert (PLAIN, usage_of(input=100, output=10)) == (given.given, given.reading.usage)
    translated = passage([MESSAGE], DOORS[CHAT], SPEAKERS[MESSAGES])
    assert usage_of(input=100, output=10) == translated.reading.usage
    assert b"Hi \\u00fcnd" in translated.given or "Hi ünd".encode() in translated.given
    assert translated.given.endswith(b"data: [DONE]\n\n")


@settings(max_examples=100, deadline=None)
@given(
    deltas=streams(),
    format_=st.sampled_from([CHAT, MESSAGES, RESPONSES, GEMINI]),
    client=st.sampled_from([CHAT, MESSAGES, RESPONSES, GEMINI]),
    usage_asked=st.booleans(),
    places=st.lists(st.integers(0, 6_000), max_size=12),
    ends_early=st.integers(0, 300),
)
def test_any_cuts_of_any_answer_change_nothing(deltas, format_, client, usage_asked, places, ends_early):
    renderer = codec_for(format_).answer_renderer(created=1, include_usage=True)
    stream = b"".join([*(renderer.feed(delta) for delta in deltas), renderer.finish()])
    stream = stream[: len(stream) - ends_early]
    door, provider = DOORS[client], SPEAKERS[format_]
    expected = passage([stream], door, provider, usage_asked=usage_asked)
    assert expected == passage(cut(stream, places), door, provider, usage_asked=usage_asked)
