import pytest

from headgate.domain.usage import usage_of
from headgate.translate.codec import Reading
from headgate.translate.meter_tgi import TgiMeter
from tests.kit.natives import dumped, sse

DETAILS = {"finish_reason": "eos_token", "generated_tokens": 3, "seed": None}


def token(text: str, *, special: bool = False, whole: str | None = None, details: dict | None = None) -> bytes:
    return sse({"token": {"id": 1, "text": text, "special": special}, "generated_text": whole, "details": details})


def metered(*chunks: bytes) -> tuple[bytes, Reading]:
    meter = TgiMeter()
    return b"".join([*map(meter.feed, chunks), meter.finish()]), meter.reading


def whole(body: object) -> Reading:
    meter = TgiMeter()
    meter.read_body(dumped(body))
    return meter.reading


def test_a_body_is_read_alone_or_in_a_list():
    body = {"generated_text": "Hi", "details": DETAILS | {"prefill": [{}, {}]}}
    for reading in (whole(body), whole([body])):
        assert ("eos_token", usage_of(input=2, output=3)) == (reading.finish_reason, reading.usage)
        assert reading.complete


@pytest.mark.parametrize("body", [[], {}, [1], {"generated_text": 1}, [{"generated_text": "a"}] * 2])
def test_what_is_no_generation_is_not_complete(body: object):
    assert not whole(body).complete


def test_a_body_without_the_prompts_tokens_is_whole_and_its_usage_unknown():
    reading = whole({"generated_text": "Hi", "details": DETAILS | {"prefill": []}})
    assert (None, True) == (reading.usage, reading.complete)


def test_a_stream_passes_unchanged_and_ends_with_its_counts():
    stream = token("a") + token("b") + token("</s>", special=True, whole="ab", details=DETAILS | {"input_length": 7})
    given, reading = metered(stream[:30], stream[30:])
    assert stream == given
    assert (usage_of(input=7, output=3), True, True, True) == (
        reading.usage, reading.has_content, reading.complete, reading.ended,
    )  # fmt: skip


def test_special_tokens_show_nothing():
    assert not metered(token("<s>", special=True))[1].has_content


def test_an_error_in_the_middle_is_read():
    reading = metered(token("a"), sse({"error": "Request failed during generation", "error_type": "generation"}))[1]
    assert ("Request failed during generation", False) == (reading.error, reading.complete)


def test_what_is_no_event_passes():
    assert b"data: {\n\n:ping\n\nrest" == metered(b"data: {\n\n:ping\n\nre", b"st")[0]
