"""Cutting the bytes of a stream anywhere changes neither what passes nor what is read."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.domain.formats import Format
from headgate.domain.usage import INPUT_UNITS, OUTPUT_UNITS
from headgate.providers.provider import UsageQuirk
from headgate.providers.table import PROVIDERS, provider
from headgate.translate.codec import Reading
from headgate.translate.meter import meter_for
from headgate.translate.usage import anthropic_usage, openai_chat_usage
from tests.kit.recordings import MESSAGES_FILES, chat_files, exchanges, needs_recordings, responses_files

OPENAI_EVENTS = [
    b'data: {"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}',
    b'data: {"choices":[{"delta":{"content":"about \\"usage\\" and [DONE] and \\"error\\""},"finish_reason":null}]}',
    b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}',
    b'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}',
    b'data: {"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":3,"completion_tokens":9}}',
    b'data: {"choices":[],"usage":null}',
    b'event: error\ndata: {"error":{"message":"broke"}}',
    b"data: [DONE]",
    b": comment",
    b"data: {broken",
]
ANTHROPIC_EVENTS = [
    b'event: message_start\ndata: {"type":"message_start","message":{"model":"m","usage":{"input_tokens":3,"output_tokens":1}}}',
    b'event: content_block_start\ndata: {"type":"content_block_start","content_block":{"type":"text","text":""}}',
    b'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":"a \\"message_stop\\""}}',
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}',
    b'event: message_stop\ndata: {"type":"message_stop"}',
    b'event: error\ndata: {"type":"error","error":{"message":"broke"}}',
    b"event: ping\ndata: {}",
    b"data: {broken",
]
RESPONSES_EVENTS = [
    b'event: response.created\ndata: {"type":"response.created","response":{"model":"m","status":"in_progress","error":null,"output":[],"usage":null,"service_tier":"auto"}}',
    b'data: {"type":"response.output_item.added","item":{"type":"message"},"output_index":0}\nevent: response.output_item.added',
    b'data: {"type":"response.output_text.delta","delta":"about \\"response.completed\\" and \\"error\\""}',
    b'data: {"type":"response.output_item.added","item":{"type":"function_call"},"output_index":1}',
    b'data: {"type":"response.completed","response":{"status":"completed","error":null,"output":[{"type":"web_search_call"}],"usage":{"input_tokens":3,"output_tokens":4},"service_tier":"flex"}}',
    b'data: {"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"usage":{"input_tokens":"many"}}}',
    b'data: {"type":"response.failed","response":{"status":"failed","error":{"code":"x","message":"broke"},"usage":null}}',
    b'event: error\ndata: {"type":"error","message":"broke"}',
    b"data: [DONE]",
    b": comment",
    b"data: {broken",
]
GEMINI_EVENTS = [
    b'{"candidates":[{"content":{"parts":[{"text":""}]}}],"usageMetadata":{"promptTokenCount":3},"modelVersion":"gemini-2.5-flash"}',
    b'{"candidates":[{"content":{"parts":[{"text":"about \\"usageMetadata\\" and \\"error\\""}]}}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":4}}',
    b'{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":9}}',
    b'{"candidates":[{"content":{"parts":[{"text":"]}"}]},"finishReason":2}],"usageMetadata":{"trafficType":"ON_DEMAND"}}',
    b'{"candidates":[{"groundingMetadata":{"webSearchQueries":["a","b"]}}],"usageMetadata":{"totalTokenCount":3}}',
    b'{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":8,"serviceTier":"flex"}}',
    b'{\n "error": {\n  "message": "broke"\n }\n}',
    b'{"candidates":"[","usageMetadata":{"promptTokenCount":"many"}}',
]


def metered(form: Format, operator: str, chunks: list[bytes], *, hide_usage: bool) -> tuple[bytes, Reading]:
    meter = meter_for(form, provider(operator), hide_usage=hide_usage)
    out = b"".join(meter.feed(chunk) for chunk in chunks)
    return out + meter.finish(), meter.reading


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


def streams(events: list[bytes]) -> st.SearchStrategy[bytes]:
    ends = st.sampled_from([b"\n\n", b"\r\n\r\n", b"\n\r\n", b"\n\n\n"])
    whole = st.lists(st.tuples(st.sampled_from(events), ends).map(b"".join), max_size=8).map(b"".join)
    return st.tuples(whole, st.sampled_from([b"", b"data: [DONE]", b"data: {"])).map(b"".join)


places = st.lists(st.integers(0, 5_000), max_size=40)


@given(streams(OPENAI_EVENTS), places, st.booleans())
def test_no_cut_changes_an_openai_stream(stream: bytes, cuts: list[int], hide: bool):
    whole = metered(Format.OPENAI_CHAT, "openai", [stream], hide_usage=hide)
    assert whole == metered(Format.OPENAI_CHAT, "openai", cut(stream, cuts), hide_usage=hide)
    assert whole == metered(Format.OPENAI_CHAT, "openai", [bytes([byte]) for byte in stream], hide_usage=hide)
    if not hide:
        assert stream == whole[0]


@given(streams(ANTHROPIC_EVENTS), places)
def test_no_cut_changes_an_anthropic_stream(stream: bytes, cuts: list[int]):
    whole = metered(Format.ANTHROPIC_MESSAGES, "anthropic", [stream], hide_usage=True)
    assert whole == metered(Format.ANTHROPIC_MESSAGES, "anthropic", cut(stream, cuts), hide_usage=True)
    assert stream == whole[0]


@given(streams(RESPONSES_EVENTS), places)
def test_no_cut_changes_a_stream_of_responses(stream: bytes, cuts: list[int]):
    whole = metered(Format.OPENAI_RESPONSES, "openai", [stream], hide_usage=True)
    assert whole == metered(Format.OPENAI_RESPONSES, "openai", cut(stream, cuts), hide_usage=True)
    assert whole == metered(Format.OPENAI_RESPONSES, "openai", [bytes([b]) for b in stream], hide_usage=True)
    assert stream == whole[0]


def gemini_metered(chunks: list[bytes]) -> tuple[bytes, Reading]:
    return metered(Format.GEMINI, "sim", chunks, hide_usage=False)


gemini_sse = streams(
    [*(b"data: " + event.replace(b"\n", b"\ndata: ") for event in GEMINI_EVENTS), b": comment", b"data: {"]
)
gemini_array = st.tuples(
    st.sampled_from([b"[", b" \n["]),
    st.lists(st.sampled_from(GEMINI_EVENTS), max_size=6).map(b"\n,\r\n".join),
    st.sampled_from([b"]", b"\n]\n", b"", b",", b'{"a"']),
).map(b"".join)


@given(gemini_sse | gemini_array, places)
def test_no_cut_changes_a_gemini_stream(stream: bytes, cuts: list[int]):
    whole = gemini_metered([stream])
    assert stream == whole[0]
    assert whole == gemini_metered(cut(stream, cuts))
    assert whole == gemini_metered([bytes([byte]) for byte in stream])


@given(st.lists(st.sampled_from(GEMINI_EVENTS), max_size=6))
def test_both_framings_of_gemini_say_the_same(events: list[bytes]):
    _, served = gemini_metered([b"data: " + event.replace(b"\n", b"\ndata: ") + b"\r\n\r\n" for event in events])
    _, listed = gemini_metered([b"[" + b",".join(events) + b"]"])
    listed.ended = False
    assert served == listed


@given(st.lists(st.sampled_from(GEMINI_EVENTS), max_size=6), places)
def test_what_may_be_the_end_is_held_back_until_the_usage_is_known(events: list[bytes], cuts: list[int]):
    meter = meter_for(Format.GEMINI, provider("sim"))
    written = [b"data: " + event.replace(b"\n", b"\ndata: ") + b"\n\n" for event in events]
    stream = b"".join(written)
    passed = b"".join(meter.feed(chunk) for chunk in cut(stream, cuts))
    if events and b"finishReason" in events[-1]:
        assert len(stream) - len(written[-1]) == len(passed)
    assert stream == passed + meter.finish()


@given(st.binary(max_size=200), places)
def test_no_bytes_break_a_meter(noise: bytes, cuts: list[int]):
    spoken = (
        (Format.OPENAI_CHAT, "groq"),
        (Format.ANTHROPIC_MESSAGES, "anthropic"),
        (Format.GEMINI, "sim"),
        (Format.OPENAI_RESPONSES, "sim"),
    )
    for form, operator in spoken:
        assert noise == metered(form, operator, cut(noise, cuts), hide_usage=False)[0]
        meter_for(form, provider(operator)).read_body(noise)


@needs_recordings
@pytest.mark.parametrize("name", [*chat_files(), *MESSAGES_FILES, *responses_files()])
def test_no_cut_changes_a_recorded_stream(name: str):
    form = Format.ANTHROPIC_MESSAGES if name in MESSAGES_FILES else Format.OPENAI_CHAT
    form = Format.OPENAI_RESPONSES if name in responses_files() else form
    operator = name.partition(".")[0]
    operator = operator if operator in PROVIDERS else "openai"
    recorded = [exchange["response_sse"].encode() for exchange in exchanges(name) if "response_sse" in exchange]
    for stream in recorded[:12]:
        whole = metered(form, operator, [stream], hide_usage=False)
        assert stream == whole[0]
        for size in (1, 7, 64, 1_000):
            pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
            assert whole == metered(form, operator, pieces, hide_usage=False)


counts = st.integers(-5, 3_000) | st.none() | st.just("7") | st.booleans() | st.floats() | st.just(10**15)
openai_usage = st.fixed_dictionaries(
    {},
    optional={
        "prompt_tokens": st.integers(0, 5_000),
        "completion_tokens": st.integers(0, 5_000),
        "total_tokens": counts,
        "cached_tokens": counts,
        "cache_read_input_tokens": counts,
        "cache_creation_input_tokens": counts,
        "reasoning_tokens": counts,
        "citation_tokens": counts,
        "prompt_tokens_details": st.none()
        | st.dictionaries(
            st.sampled_from(["cached_tokens", "cache_write_tokens", "audio_tokens", "image_tokens"]), counts
        ),
        "completion_tokens_details": st.none()
        | st.dictionaries(st.sampled_from(["reasoning_tokens", "audio_tokens", "image_tokens"]), counts),
    },
)


@given(openai_usage)
def test_buckets_are_positive_and_sum_to_prompt_and_completion(raw: dict[str, object]):
    usage = openai_chat_usage(raw, frozenset())
    prompt, completion = raw.get("prompt_tokens", 0), raw.get("completion_tokens", 0)
    if usage is None:
        assert 0 == prompt == completion
        return
    assert (prompt, completion) == (usage.prompt_tokens, usage.completion_tokens)
    assert all(count > 0 for count in usage.quantities.values())
    assert set(usage.quantities) <= INPUT_UNITS | OUTPUT_UNITS


@given(openai_usage, st.sets(st.sampled_from(list(UsageQuirk))))
def test_quirks_only_ever_add_what_stands_beside(raw: dict[str, object], quirks: set[UsageQuirk]):
    usage = openai_chat_usage(raw, frozenset(quirks))
    if usage is not None:
        assert usage.total_tokens >= raw.get("prompt_tokens", 0) + raw.get("completion_tokens", 0)
        assert all(count > 0 for count in usage.quantities.values())


@given(
    st.dictionaries(
        st.sampled_from(["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"]),
        st.integers(0, 10**6),
    ),
    st.dictionaries(st.sampled_from(["ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"]), st.integers(0, 10**6)),
    counts,
)
def test_anthropic_buckets_sum_to_the_report(raw: dict[str, int], split: dict[str, int], thinking: object):
    usage = anthropic_usage({**raw, "cache_creation": split, "output_tokens_details": {"thinking_tokens": thinking}})
    written = max(raw.get("cache_creation_input_tokens", 0), sum(split.values()))
    total = sum(raw.values()) - raw.get("cache_creation_input_tokens", 0) + written
    assert total == (usage.total_tokens if usage else 0)
    assert usage is None or all(count > 0 for count in usage.quantities.values())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["usage", "model", "choices", "delta", "error", "cost", "prompt_tokens"]), inner
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(json_values)
def test_no_json_breaks_a_meter(value: object):
    body = msgspec.json.encode(value)
    for form in Format:
        meter = meter_for(form, provider("sim"))
        meter.read_body(body)
        meter.feed(b"data: " + body + b"\n\n")
        meter.finish()
