"""Whatever Bedrock answers, and whatever it is asked: what cannot be said is refused by name, and nothing else breaks."""

import contextlib
import copy
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.domain.formats import Format
from headgate.translate.bedrock_converse.follow_stream import ConverseFollower
from headgate.translate.codec import UntranslatableError
from headgate.translate.meter_bedrock import ConverseMeter
from headgate.translate.registry import codec_for, provider_codec_for
from headgate.wire.eventstream import render_frame
from tests.kit.converse import frame
from tests.properties.test_translate_fuzz import FORMATS, REQUESTS, WRONG, broken

MANY = settings(max_examples=250, deadline=None)
CODEC = provider_codec_for(Format.BEDROCK_CONVERSE)
MODELS = (
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.anthropic.claude-opus-4-6-v1",
    "amazon.nova-lite-v1:0",
    "us.amazon.nova-2-lite-v1:0",
    "openai.gpt-oss-120b-1:0",
    "meta.llama3-8b-instruct-v1:0",
)
ANSWER = {
    "output": {
        "message": {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
                {"reasoningContent": {"redactedContent": "AAAA"}},
                {"text": "t"},
                {"citationsContent": {"content": [{"text": "c"}]}},
                {"toolUse": {"toolUseId": "a", "name": "f", "input": {"x": 1}, "type": "tool_use"}},
            ],
        }
    },
    "stopReason": "tool_use",
    "usage": {"inputTokens": 1, "outputTokens": 2, "cacheDetails": [{"ttl": "1h", "inputTokens": 3}]},
    "serviceTier": {"type": "flex"},
    "trace": {"promptRouter": {"invokedModelId": "m"}},
    "additionalModelResponseFields": {"stop_sequence": "x"},
}
EVENTS = [
    ["messageStart", {"role": "assistant"}],
    ["contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "hm"}}}],
    ["contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"redactedContent": "AAAA"}}}],
    ["contentBlockStop", {"contentBlockIndex": 0}],
    ["contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "x"}}],
    ["contentBlockStart", {"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "a", "name": "f"}}}],
    ["contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolUse": {"input": "{}"}}}],
    ["messageStop", {"stopReason": "end_turn", "additionalModelResponseFields": {"stop_sequence": None}}],
    ["metadata", {"usage": {"inputTokens": 1, "outputTokens": 2}, "serviceTier": {"type": "priority"}}],
]


def meters_and_follows(stream: bytes) -> None:
    meter = ConverseMeter()
    assert stream == meter.feed(stream) + meter.finish()
    assert ConverseFollower().feed(stream) >= 0


@pytest.mark.parametrize("door", FORMATS)
@given(data=st.data())
@MANY
def test_a_request_with_anything_wrong_is_put_into_its_words_or_refused(door, data):
    body = json.dumps(data.draw(broken(REQUESTS[door]))).encode()
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    with contextlib.suppress(UntranslatableError):
        conversation = codec_for(door).parse_request(fields)
        for model in MODELS:
            with contextlib.suppress(UntranslatableError):
                rendered = CODEC.render_request(conversation, model=model, default_max_tokens=4096)
                assert json.loads(rendered)["messages"]


@given(answer=broken(ANSWER))
@MANY
def test_an_answer_with_anything_wrong_is_read_or_refused(answer):
    body = json.dumps(answer).encode()
    ConverseMeter().read_body(body)
    with contextlib.suppress(UntranslatableError):
        CODEC.parse_answer(body)


@given(events=broken(EVENTS), payload=st.none() | st.binary(max_size=40))
@MANY
def test_a_stream_with_anything_wrong_is_read_or_refused(events, payload):
    frames = [
        frame(event[0], **event[1])
        for event in copy.deepcopy(events)
        if isinstance(event, list) and len(event) == 2 and isinstance(event[0], str) and _fields(event[1])
    ]
    if payload is not None:
        frames.insert(1, render_frame(payload, {":message-type": "event", ":event-type": "contentBlockDelta"}))
    stream = b"".join(frames)
    meters_and_follows(stream)
    parser = CODEC.answer_parser()
    with contextlib.suppress(UntranslatableError):
        parser.feed(stream)
    parser.finish()


def _fields(value: object) -> bool:
    return isinstance(value, dict) and "kind" not in value


@given(stream=st.binary(max_size=200), wrong=WRONG)
@MANY
def test_bytes_that_are_no_frames_are_damage(stream, wrong):
    for body in (stream, json.dumps(wrong).encode()):
        ConverseMeter().read_body(body)
        with contextlib.suppress(UntranslatableError):
            CODEC.parse_answer(body)
        meters_and_follows(body)
        parser = CODEC.answer_parser()
        assert ["Failed"] == [type(delta).__name__ for delta in [*parser.feed(body), *parser.finish()]]
