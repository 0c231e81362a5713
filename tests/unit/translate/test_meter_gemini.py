import json

import pytest

from headgate.domain.formats import Format
from headgate.domain.usage import usage_of
from headgate.providers.table import provider
from headgate.translate.codec import Reading
from headgate.translate.meter import meter_for


def piece(text: str | None, usage: dict, **more: object) -> dict:
    parts = [] if text is None else [{"text": text}]
    candidate = {"content": {"parts": parts, "role": "model"}, **more, "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash"}


FIRST = piece("Hel", {"promptTokenCount": 8, "totalTokenCount": 8})
MIDDLE = piece("lo", {"promptTokenCount": 8, "candidatesTokenCount": 2, "totalTokenCount": 10})
LAST = piece("!", {"promptTokenCount": 8, "candidatesTokenCount": 3, "thoughtsTokenCount": 4, "serviceTier": "flex"},
             finishReason="STOP")  # fmt: skip


def sse(*pieces: dict) -> list[bytes]:
    return [f"data: {json.dumps(each)}\r\n\r\n".encode() for each in pieces]


def array(*pieces: dict) -> list[bytes]:
    written = [json.dumps(each, indent=2).encode() for each in pieces]
    return [b"[" + written[0], *(b"\n,\r\n" + each for each in written[1:]), b"\n]\n"]


def read(chunks: list[bytes]) -> Reading:
    meter = meter_for(Format.GEMINI, provider("sim"))
    assert b"".join(chunks) == b"".join(meter.feed(chunk) for chunk in chunks) + meter.finish()
    return meter.reading


@pytest.mark.parametrize("framed", [sse, array])
def test_the_last_usage_counts(framed):
    reading = read(framed(FIRST, MIDDLE, LAST))
    assert usage_of(input=8, output=3, output_reasoning=4) == reading.usage
    assert ("gemini-2.5-flash", "STOP", "flex", True) == (
        reading.response_model, reading.finish_reason, reading.service_tier, reading.complete
    )  # fmt: skip


@pytest.mark.parametrize("framed", [sse, array])
def test_usage_without_figures_does_not_replace_what_was_reported(framed):
    after = piece(None, {"trafficType": "ON_DEMAND"}, finishReason="STOP")
    assert usage_of(input=8, output=2) == read(framed(FIRST, MIDDLE, after)).usage


def test_the_end_of_an_array_is_told_with_its_usage_and_that_of_a_stream_is_its_end():
    meter = meter_for(Format.GEMINI, provider("sim"))
    *chunks, end = array(FIRST, LAST)
    passed = b"".join(meter.feed(chunk) for chunk in chunks)
    assert not meter.reading.ended
    assert b"STOP" not in passed
    assert b"STOP" in meter.feed(end)
    assert (True, usage_of(input=8, output=3, output_reasoning=4)) == (meter.reading.ended, meter.reading.usage)
    assert not read(sse(FIRST, LAST)).ended


def test_a_reason_in_every_event_holds_back_one_event_at_a_time():
    meter = meter_for(Format.GEMINI, provider("sim"))
    first, second = sse(LAST, LAST | {"usageMetadata": {"promptTokenCount": 9}})
    assert (b"", first, second) == (meter.feed(first), meter.feed(second), meter.finish())
    assert usage_of(input=9) == meter.reading.usage


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], False),
        ([{"text": ""}], False),
        ([{"text": "", "thought": True}], False),
        ([{"text": "a"}], True),
        ([{"functionCall": {"name": "f"}}], True),
        ([{"text": "", "thoughtSignature": "c2ln"}], True),
    ],
)
def test_content_is_what_says_anything(parts: list[dict], expected: bool):
    assert expected == read(sse({"candidates": [{"content": {"parts": parts}}]})).has_content


def test_an_error_inside_a_stream_is_read():
    error = {"error": {"code": 503, "message": "Busy", "status": "UNAVAILABLE"}}
    assert ("Busy", False) == ((reading := read(sse(FIRST, error))).error, reading.complete)
    assert "unknown error" == read(sse({"error": "odd"})).error


def test_a_prompt_that_was_blocked_is_whole():
    reading = read(sse({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 8}}))
    assert (True, "SAFETY", usage_of(input=8)) == (reading.complete, reading.finish_reason, reading.usage)


def test_searches_are_counted_wherever_they_stand():
    grounded = piece(None, {}, groundingMetadata={"webSearchQueries": ["a", "b"]})
    assert usage_of(input=8, output=3, output_reasoning=4, web_search=1) == read(sse(FIRST, grounded, LAST)).usage
    newer = {"modelVersion": "gemini-3-flash"}
    assert 2 == read(sse(FIRST, grounded | newer, LAST)).usage.quantities["web_search"]


def test_a_whole_body_is_read():
    meter = meter_for(Format.GEMINI, provider("sim"))
    meter.read_body(json.dumps(LAST, indent=1).encode())
    assert usage_of(input=8, output=3, output_reasoning=4) == meter.reading.usage
    assert (True, True, "STOP") == (meter.reading.complete, meter.reading.has_content, meter.reading.finish_reason)


def test_a_stream_that_breaks_off_is_not_whole_and_keeps_what_was_reported():
    reading = read([*sse(FIRST, MIDDLE), sse(LAST)[0][:-30]])
    assert (False, usage_of(input=8, output=2)) == (reading.complete, reading.usage)
