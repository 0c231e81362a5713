import json
from decimal import Decimal
from typing import Any

import pytest

from headgate.domain.formats import Format
from headgate.domain.usage import usage_of
from headgate.providers.table import provider
from headgate.translate.codec import Reading
from headgate.translate.meter import meter_for
from tests.kit.responses import ANSWER, CALL, response_stream, written

STREAM = b"".join(response_stream())
CREATED, *_, DELTA, _, _, _, _, END = response_stream()


def read(*chunks: bytes) -> Reading:
    meter = meter_for(Format.OPENAI_RESPONSES, provider("openai"), hide_usage=True)
    assert b"".join(chunks) == b"".join(meter.feed(chunk) for chunk in chunks) + meter.finish()
    return meter.reading


def body(**changes: Any) -> Reading:
    meter = meter_for(Format.OPENAI_RESPONSES, provider("openai"))
    meter.read_body(json.dumps({**ANSWER, **changes}).encode())
    return meter.reading


def ended(kind: str, **response: Any) -> bytes:
    return written([{"type": f"response.{kind}", "response": {"status": kind, **response}}])[0]


def test_the_end_tells_everything():
    reading = read(STREAM)
    assert (usage_of(input=100, output=10), "gpt-4o", "completed") == (
        reading.usage,
        reading.response_model,
        reading.finish_reason,
    )
    assert (reading.complete, reading.ended, reading.has_content, reading.error) == (True, True, True, None)


def test_a_stream_without_its_end_says_only_who_answers():
    reading = read(*response_stream()[:-1])
    assert (None, "gpt-4o") == (reading.usage, reading.response_model)
    assert (reading.complete, reading.ended) == (False, False)


def test_what_has_only_been_announced_is_no_content():
    *announced, _ = response_stream()[:5]
    assert not read(*announced).has_content
    assert read(*announced, DELTA).has_content


def test_a_call_is_content_as_soon_as_it_begins():
    begun = written([{"type": "response.output_item.added", "output_index": 0, "item": CALL}])
    assert read(*begun).has_content


def test_an_answer_that_ran_out_of_tokens_is_whole():
    reading = read(ended("incomplete", incomplete_details={"reason": "max_output_tokens"}, usage={"input_tokens": 1}))
    assert (True, True, "max_output_tokens") == (reading.complete, reading.ended, reading.finish_reason)


def test_a_failure_is_none_but_its_usage_is_read():
    reading = read(DELTA, ended("failed", error={"code": "c", "message": "Busy."}, usage={"input_tokens": 7}))
    assert ("Busy.", usage_of(input=7)) == (reading.error, reading.usage)
    assert (False, True) == (reading.complete, reading.ended)
    assert "the provider failed" == read(ended("failed", error=None)).error


@pytest.mark.parametrize(
    "error",
    [
        {"type": "error", "message": "Busy.", "code": "c"},
        {"type": "error", "error": {"message": "Busy."}},
    ],
)
def test_an_error_in_the_middle_is_read(error: dict[str, Any]):
    reading = read(DELTA, *written([error]))
    assert ("Busy.", False, False) == (reading.error, reading.complete, reading.ended)


def test_the_tier_is_what_was_served_not_what_was_wished():
    wished = CREATED.replace(b'"model"', b'"service_tier": "priority", "model"')
    assert read(wished, END).service_tier is None
    assert "flex" == read(ended("completed", service_tier="flex")).service_tier


def test_what_the_provider_charged_is_read():
    usage = {"input_tokens": 1, "output_tokens": 1}
    assert Decimal("0.000012") == body(usage={**usage, "cost": 0.000012}).reported_cost
    assert Decimal("0.0000123456") == body(usage={**usage, "cost_in_usd_ticks": 123456}).reported_cost


def test_a_whole_body_is_read():
    reading = body()
    assert usage_of(input=60, cache_read=40, output=7, output_reasoning=3) == reading.usage
    assert (True, True, "m", "completed") == (
        reading.complete,
        reading.has_content,
        reading.response_model,
        reading.finish_reason,
    )


@pytest.mark.parametrize("status", ["failed", "in_progress", "queued", "cancelled"])
def test_a_body_that_is_no_end_is_not_complete(status: str):
    assert not body(status=status).complete


def test_a_body_that_failed_says_why():
    assert "Busy." == body(status="failed", error={"message": "Busy."}).error


def test_what_has_an_unexpected_type_leaves_the_rest_readable():
    reading = body(model=5, incomplete_details="x", service_tier=["flex"])
    assert (None, True) == (reading.response_model, reading.complete)
    assert reading.usage is not None
    odd = written([{"type": "response.completed", "item": 5, "message": {}, "response": ANSWER}])
    assert read(*odd).usage is not None


@pytest.mark.parametrize("noise", [b"", b"<html>", b"[1]", b'{"output":'])
def test_what_cannot_be_read_says_nothing(noise: bytes):
    meter = meter_for(Format.OPENAI_RESPONSES, provider("openai"))
    meter.read_body(noise)
    assert Reading() == meter.reading


@pytest.mark.parametrize(("store", "kept"), [(None, "resp_1"), (True, "resp_1"), (False, None)])
def test_what_the_provider_does_not_say_it_forgets_is_kept_under_its_id(store: bool | None, kept: str | None):
    told = {} if store is None else {"store": store}
    assert kept == body(id="resp_1", **told).kept_id
    assert kept == read(*written([{"type": "response.created", "response": {"id": "resp_1", **told}}])).kept_id
    assert kept == read(ended("completed", id="resp_1", **told)).kept_id
    assert kept == body(id="resp_1", status=7, **told).kept_id
