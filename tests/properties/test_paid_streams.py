"""A stream that is cut at any event is a legal one, whose content is a prefix of what the model said."""

import anthropic
import httpx2
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.domain.conversation import Answer, AnswerPart, RedactedThinking, StopReason, Text, Thinking, ToolCall
from headgate.domain.fold import fold
from headgate.domain.formats import Format
from headgate.pipeline.cut import PaidStream
from headgate.translate.registry import codec_for
from headgate.wire.sse import EventSplitter
from tests.kit import natives
from tests.kit.fakes import chat_stream, message_stream
from tests.kit.responses import response_stream
from tests.kit.streams import DOORS, SPEAKERS, exchange, passage
from tests.kit.translation import OpenAiJudge, judge_anthropic, judge_gemini, judge_responses, streams

CHAT, MESSAGES, RESPONSES = Format.OPENAI_CHAT, Format.ANTHROPIC_MESSAGES, Format.OPENAI_RESPONSES
GEMINI = Format.GEMINI
PLENTY = 10**9


def drive(coroutine) -> bytes:
    """Run what never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waited")


class Cut:
    """A stream that is asked for more money at every event and gets it for a number of them."""

    def __init__(self, chunks: list[bytes], format_: Format, client: Format, grants: int, *, usage_asked: bool) -> None:
        async def more(tokens: int) -> int:
            nonlocal grants
            grants -= 1
            return 1 if grants >= 0 else 0

        paid = PaidStream(
            exchange(DOORS[client], SPEAKERS[format_], usage_asked=usage_asked),
            paid=0,
            most=PLENTY,
            more=more,
            reserve=PLENTY // 2,
        )
        self.given = b"".join([*(drive(paid.feed(chunk)) for chunk in chunks), paid.finish()])
        self.was_cut = paid.is_cut
        self.counted = paid.counted


def written(deltas, format_: Format) -> list[bytes]:
    renderer = codec_for(format_).answer_renderer(created=1, include_usage=True)
    return EventSplitter().feed(b"".join([*(renderer.feed(delta) for delta in deltas), renderer.finish()]))


def understood(stream: bytes, format_: Format) -> Answer:
    parser = codec_for(format_).answer_parser()
    return fold([*parser.feed(stream), *parser.finish()])


def begins(whole: AnswerPart, part: AnswerPart) -> bool:
    match whole, part:
        case (Text(), Text()):
            return whole.text.startswith(part.text)
        case (Thinking(), Thinking()):
            signed = part.signature is None or (whole.signature or "").startswith(part.signature)
            return signed and whole.text.startswith(part.text)
        case (ToolCall(), ToolCall()):
            same = (whole.id, whole.name) == (part.id, part.name)
            return same and (whole.arguments.startswith(part.arguments) or not part.arguments.strip("{}"))
        case (RedactedThinking(), RedactedThinking()):
            return whole == part
    return False


def judge(cut: Cut, client: Format, *, usage_asked: bool) -> None:
    if client is CHAT:
        OpenAiJudge(wants_usage=usage_asked).judge(cut.given)
    elif client is RESPONSES:
        judge_responses(cut.given)
    elif client is MESSAGES:
        judge_anthropic(cut.given)
    else:
        judge_gemini(cut.given)


@settings(max_examples=150, deadline=None)
@given(
    deltas=streams(),
    format_=st.sampled_from([CHAT, MESSAGES, RESPONSES, GEMINI]),
    client=st.sampled_from([CHAT, MESSAGES, RESPONSES, GEMINI]),
    usage_asked=st.booleans(),
    grants=st.integers(0, 25),
)
def test_a_cut_stream_is_legal_and_a_prefix(deltas, format_, client, usage_asked, grants):
    chunks = written(deltas, format_)
    whole = passage(chunks, DOORS[client], SPEAKERS[format_], usage_asked=usage_asked).given
    cut = Cut(chunks, format_, client, grants, usage_asked=usage_asked)
    if not cut.was_cut:
        assert whole == cut.given
        return
    judge(cut, client, usage_asked=usage_asked)
    expected, heard = understood(whole, client), understood(cut.given, client)
    assert StopReason.MAX_TOKENS is heard.stop_reason
    assert len(heard.parts) <= len(expected.parts)
    for one, other in zip(expected.parts, heard.parts, strict=False):
        assert begins(one, other), (one, other)


@settings(max_examples=100, deadline=None)
@given(
    deltas=streams(),
    format_=st.sampled_from(natives.NATIVES),
    client=st.sampled_from([CHAT, MESSAGES, RESPONSES, GEMINI]),
    usage_asked=st.booleans(),
    grants=st.integers(0, 25),
)
def test_so_is_one_whose_provider_speaks_a_format_without_a_door(deltas, format_, client, usage_asked, grants):
    stream = natives.written(format_, fold(deltas)).stream
    chunks = natives.events_of(format_, stream)
    assert stream == b"".join(chunks)
    whole = passage(chunks, DOORS[client], SPEAKERS[format_], usage_asked=usage_asked).given
    cut = Cut(chunks, format_, client, grants, usage_asked=usage_asked)
    if not cut.was_cut:
        assert whole == cut.given
        return
    judge(cut, client, usage_asked=usage_asked)
    expected, heard = understood(whole, client), understood(cut.given, client)
    assert StopReason.MAX_TOKENS is heard.stop_reason
    for one, other in zip(expected.parts, heard.parts, strict=False):
        assert begins(one, other), (one, other)


@settings(max_examples=100, deadline=None)
@given(deltas=streams(), format_=st.sampled_from([CHAT, MESSAGES, RESPONSES, GEMINI]))
def test_what_is_counted_is_at_least_what_was_said(deltas, format_):
    cut = Cut(written(deltas, format_), format_, format_, PLENTY, usage_asked=True)
    said = 0
    for part in fold(deltas).parts:
        match part:
            case Text(text=text):
                said += len(text.encode("utf-8", "replace"))
            case Thinking(text=text, signature=signature):
                said += len((text + (signature or "")).encode("utf-8", "replace"))
            case ToolCall(name=name, arguments=arguments):
                said += len((name + arguments).encode("utf-8", "replace"))
            case RedactedThinking(data=data):
                said += len(data.encode("utf-8", "replace"))
    assert said <= cut.counted


def chunk_of(delta: dict) -> bytes:
    import json

    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
    document = head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def call_of(**function: str) -> bytes:
    call = {"index": 0, "function": function} | ({"id": "call_1", "type": "function"} if "name" in function else {})
    return chunk_of({"tool_calls": [call]})


CALLING = [
    chat_stream()[0],
    chunk_of({"reasoning_content": "Hm."}),
    call_of(name="look_up", arguments=""),
    call_of(arguments='{"city": "Zür'),
    call_of(arguments='ich", "days": 3}'),
    *chat_stream()[3:],
]
WRITTEN = {
    "chat": (CHAT, chat_stream()),
    "chat with a call": (CHAT, CALLING),
    "response": (RESPONSES, response_stream()),
    "response with a call": (RESPONSES, written(codec_for(CHAT).answer_parser().feed(b"".join(CALLING)), RESPONSES)),
    "message": (MESSAGES, message_stream()),
    "message with a call": (MESSAGES, written(codec_for(CHAT).answer_parser().feed(b"".join(CALLING)), MESSAGES)),
}


def transport(stream: bytes) -> httpx2.Client:
    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=stream)

    return httpx2.Client(transport=httpx2.MockTransport(answer))


def cuts(name: str, client: Format) -> list[Cut]:
    """The stream cut at each of its events."""
    format_, chunks = WRITTEN[name]
    found = [Cut(chunks, format_, client, grants, usage_asked=True) for grants in range(len(chunks))]
    return [cut for cut in found if cut.was_cut]


@pytest.mark.parametrize("name", WRITTEN)
def test_the_anthropic_sdk_takes_a_stream_that_was_cut_anywhere(name: str):
    found = cuts(name, MESSAGES)
    assert 3 <= len(found)
    for cut in found:
        client = anthropic.Anthropic(
            api_key="none", base_url="http://localhost", http_client=transport(cut.given), max_retries=0
        )
        with client.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "?"}]) as stream:
            message = stream.get_final_message()
        assert "max_tokens" == message.stop_reason
        assert cut.counted == message.usage.output_tokens


@pytest.mark.parametrize("name", WRITTEN)
def test_the_openai_sdk_takes_a_stream_that_was_cut_anywhere(name: str):
    found = cuts(name, CHAT)
    assert 3 <= len(found)
    for cut in found:
        client = openai.OpenAI(
            api_key="none", base_url="http://localhost", http_client=transport(cut.given), max_retries=0
        )
        with client.chat.completions.stream(model="m", messages=[{"role": "user", "content": "?"}]) as stream:
            for _ in stream:
                pass
            snapshot = stream.current_completion_snapshot
        assert ["length"] == [choice.finish_reason for choice in snapshot.choices]


@pytest.mark.parametrize("name", WRITTEN)
def test_the_openai_sdk_takes_a_response_that_was_cut_anywhere(name: str):
    found = cuts(name, RESPONSES)
    assert 3 <= len(found)
    for cut in found:
        judge_responses(cut.given)
        client = openai.OpenAI(
            api_key="none", base_url="http://localhost", http_client=transport(cut.given), max_retries=0
        )
        events = list(client.responses.create(model="m", input="?", stream=True))
        response = events[-1].response
        assert ("incomplete", "max_output_tokens") == (response.status, response.incomplete_details.reason)
        assert response.usage is None or cut.counted == response.usage.output_tokens
