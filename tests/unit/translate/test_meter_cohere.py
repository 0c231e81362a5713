import pytest

from headgate.domain.usage import usage_of
from headgate.translate.codec import Reading
from headgate.translate.meter_cohere import CohereMeter
from tests.kit.natives import dumped, sse

BILLED = {"billed_units": {"input_tokens": 4, "output_tokens": 2}}
DELTA = sse({"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": 'says "message-end"'}}}})
DONE = b"data: [DONE]\n\n"


def end(reason: str | None = "COMPLETE", **fields: object) -> bytes:
    return sse({"type": "message-end", "delta": {"finish_reason": reason, "usage": BILLED, **fields}})


def metered(*chunks: bytes) -> tuple[bytes, Reading]:
    meter = CohereMeter()
    return b"".join([*map(meter.feed, chunks), meter.finish()]), meter.reading


def whole(body: object) -> Reading:
    meter = CohereMeter()
    meter.read_body(dumped(body))
    return meter.reading


def test_a_body_is_read():
    reading = whole({"message": {"content": []}, "finish_reason": "MAX_TOKENS", "usage": BILLED})
    assert ("MAX_TOKENS", usage_of(input=4, output=2)) == (reading.finish_reason, reading.usage)
    assert reading.complete
    assert reading.has_content


@pytest.mark.parametrize("body", [[], {}, {"id": "1", "message": None}, {"message": {}, "finish_reason": 1}])
def test_what_is_no_answer_is_not_complete(body: object):
    assert not whole(body).complete


def test_a_body_that_failed_says_so():
    reading = whole({"message": {}, "finish_reason": "ERROR"})
    assert ("ERROR", False, None) == (reading.error, reading.complete, reading.usage)


def test_a_stream_passes_unchanged_and_ends_with_its_bill():
    stream = DELTA + end() + DONE
    given, reading = metered(stream[:30], stream[30:])
    assert stream == given
    assert (usage_of(input=4, output=2), True, True, True) == (
        reading.usage, reading.has_content, reading.complete, reading.ended,
    )  # fmt: skip


def test_what_has_only_begun_shows_nothing_yet():
    start = sse({"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}})
    assert not metered(start)[1].has_content
    plan = sse({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I"}}})
    assert metered(plan)[1].has_content


def test_a_generation_that_failed_is_no_end():
    reading = metered(DELTA, end("ERROR", usage={}, error="invalid tool generation"), DONE)[1]
    assert ("invalid tool generation", None, False, False) == (
        reading.error, reading.usage, reading.complete, reading.ended,
    )  # fmt: skip


@pytest.mark.parametrize("error", [{"message": "too many"}, {"type": "error", "message": "too many"}])
def test_an_error_in_the_middle_is_read(error: dict):
    assert "too many" == metered(DELTA, sse(error))[1].error


@pytest.mark.parametrize("delta", [None, [], {"usage": []}, {"finish_reason": 1, "usage": BILLED}])
def test_an_end_that_cannot_be_read_leaves_the_usage_unknown(delta: object):
    reading = metered(DELTA, sse({"type": "message-end", "delta": delta}))[1]
    assert reading.usage is None


def test_what_is_no_event_passes():
    assert b"data: {\n\n:ping\n\nrest" == metered(b"data: {\n\n:ping\n\nre", b"st")[0]
