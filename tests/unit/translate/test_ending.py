import json

import pytest

from headgate.domain.formats import Format
from headgate.domain.usage import Usage, usage_of
from headgate.translate.ending import Ending, ending_for
from headgate.wire.framing import Framing
from tests.kit.fakes import chat_stream, event, message_stream
from tests.kit.translation import OpenAiJudge, events, judge_anthropic, judge_gemini

NOTHING = Usage({})


def chat(*, include_usage: bool = True) -> Ending:
    return ending_for(Format.OPENAI_CHAT, created=7, model="asked", include_usage=include_usage)


def messages() -> Ending:
    return ending_for(Format.ANTHROPIC_MESSAGES, created=7, model="asked", include_usage=False)


def gemini(framing: Framing = Framing.SSE) -> Ending:
    return ending_for(Format.GEMINI, created=7, model="asked", include_usage=False, framing=framing)


def said(*parts: object, reason: str | None = None, index: int = 0) -> dict[str, object]:
    finish = {"finishReason": reason} if reason else {}
    candidate = {"content": {"parts": list(parts), "role": "model"}, **finish, "index": index}
    return {"candidates": [candidate], "modelVersion": "m", "responseId": "r"}


def delta(index: int = 0, reason: str | None = None, **content: object) -> bytes:
    return event({"id": "c", "choices": [{"index": index, "delta": content, "finish_reason": reason}]})


def started(block: dict[str, object], index: int = 0) -> bytes:
    return event({"type": "content_block_start", "index": index, "content_block": block}, "content_block_start")


def test_an_event_in_two_chunks_counts_when_it_is_whole():
    ending, whole = chat(), delta(content="Hello")
    assert (0, 5) == (ending.feed(whole[:20]), ending.feed(whole[20:]))


def test_of_a_stream_that_has_not_begun_a_whole_one_is_made():
    OpenAiJudge(wants_usage=True).judge(chat().finish(usage_of(input=1)))
    judge_anthropic(messages().finish(NOTHING))
    judge_gemini(gemini().finish(NOTHING))
    assert "asked" == json.loads(gemini(Framing.JSON_ARRAY).finish(None))[0]["modelVersion"]
    assert b'"model":"asked"' in chat().finish(None)
    assert b'"model":"asked"' in messages().finish(None)


def test_the_head_of_the_last_chunk_is_repeated_and_no_more_of_it():
    ending = chat()
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1.5, "model": "m", "system_fingerprint": "f"}
    ending.feed(event(head | {"choices": [{"index": 0, "delta": {"content": "a"}}], "usage": None, "obfuscation": "x"}))
    (_, chunk), _ = events(ending.finish(None))
    choice = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "length"}
    assert head | {"choices": [choice]} == chunk


def test_every_choice_that_is_open_is_finished():
    ending = chat()
    for chunk in (delta(0, content="a"), delta(1, content="b"), delta(2, content="c"), delta(1, "stop")):
        ending.feed(chunk)
    assert not ending.over
    found = [event["choices"][0] for _, event in events(ending.finish(None))[:-1]]
    assert [(0, "length"), (2, "length")] == [(choice["index"], choice["finish_reason"]) for choice in found]


@pytest.mark.parametrize(
    ("usage", "asked", "told"),
    [(usage_of(input=9, output=2), True, True), (usage_of(output=2), True, False), (usage_of(input=9), False, False)],
)
def test_usage_is_told_to_who_asked_if_the_input_is_known(usage: Usage, asked: bool, told: bool):
    ending = chat(include_usage=asked)
    ending.feed(delta(content="a"))
    assert told == (b'"prompt_tokens":9' in ending.finish(usage))


def test_blocks_that_are_open_are_closed_whatever_is_in_them():
    ending = messages()
    head = message_stream()[0]
    chunks = [
        head,
        started({"type": "text", "text": ""}),
        event({"type": "content_block_stop", "index": 0}, "content_block_stop"),
        started({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}, 1),
    ]
    for chunk in chunks:
        ending.feed(chunk)
    found = [event for _, event in events(ending.finish(usage_of(input=100, output=3)))]
    assert ["content_block_stop", "message_delta", "message_stop"] == [event["type"] for event in found]
    assert (1, "max_tokens", 3) == (
        found[0]["index"],
        found[1]["delta"]["stop_reason"],
        found[1]["usage"]["output_tokens"],
    )


@pytest.mark.parametrize("make", [chat, messages])
def test_what_has_ended_is_not_ended_again(make):
    ending = make()
    for chunk in chat_stream() if make is chat else message_stream():
        ending.feed(chunk)
    assert (True, b"") == (ending.over, ending.finish(NOTHING))
    ending = make()
    assert ending.finish(NOTHING)
    assert b"" == ending.finish(NOTHING)


@pytest.mark.parametrize("make", [chat, messages])
def test_behind_the_finish_reason_only_the_rest_is_told(make):
    ending = make()
    for chunk in chat_stream()[:-2] if make is chat else message_stream()[:-1]:
        ending.feed(chunk)
    assert ending.over
    last = b"data: [DONE]\n\n" if make is chat else b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    assert last == ending.finish(NOTHING)


@pytest.mark.parametrize("make", [chat, messages])
def test_an_error_ends_a_stream(make):
    ending = make()
    ending.feed(event({"type": "error", "error": {"message": "Busy"}}, "error"))
    assert (True, b"") == (ending.over, ending.finish(NOTHING))


def test_a_whole_message_in_one_event_ends_a_stream():
    ending = messages()
    ending.feed(event({"type": "message", "content": []}))
    assert ending.over


def test_a_gemini_stream_ends_with_a_reason_and_the_usage():
    ending = gemini()
    ending.feed(event(said({"text": "Hel"})))
    assert not ending.over
    ((_, last),) = events(ending.finish(usage_of(input=9, output=1)))
    assert ("MAX_TOKENS", 10, "m", "r") == (
        last["candidates"][0]["finishReason"],
        last["usageMetadata"]["totalTokenCount"],
        last["modelVersion"],
        last["responseId"],
    )


def test_of_several_candidates_those_that_are_open_are_finished():
    ending = gemini()
    for document in (said({"text": "a"}, reason="STOP"), said({"text": "b"}, index=1)):
        ending.feed(event(document))
    ((_, last),) = events(ending.finish(None))
    assert [(1, "MAX_TOKENS")] == [(each["index"], each["finishReason"]) for each in last["candidates"]]


@pytest.mark.parametrize("pieces", [0, 1, 2])
def test_an_array_is_one_when_it_ends_early(pieces: int):
    ending = gemini(Framing.JSON_ARRAY)
    written = b"".join((b"," if i else b"[") + json.dumps(said({"text": "a"})).encode() for i in range(pieces))
    ending.feed(written)
    found = json.loads(written + ending.finish(usage_of(input=9)))
    assert (pieces + 1, "MAX_TOKENS") == (len(found), found[-1]["candidates"][0]["finishReason"])


@pytest.mark.parametrize(
    "document",
    [
        said({"text": "a"}, reason="STOP"),
        {"error": {"code": 503, "message": "Busy"}},
        {"promptFeedback": {"blockReason": "SAFETY"}},
    ],
)
def test_a_gemini_stream_that_told_its_end_is_over(document: dict):
    ending = gemini()
    ending.feed(event(document))
    assert ending.over


def test_a_closed_array_is_not_ended_again():
    ending = gemini(Framing.JSON_ARRAY)
    ending.feed(b"[" + json.dumps(said({"text": "a"})).encode() + b"]")
    assert (True, b"") == (ending.over, ending.finish(NOTHING))
