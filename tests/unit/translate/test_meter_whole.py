import pytest

from headgate.domain.formats import Format
from headgate.domain.usage import usage_of
from headgate.providers.table import provider
from headgate.translate.meter import meter_for


def test_an_embeddings_body_tells_model_and_input():
    meter = meter_for(Format.OPENAI_EMBEDDINGS, provider("openai"))
    body = b'{"object":"list","data":[{"embedding":[0.1,-2]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}'
    meter.read_body(body)
    assert usage_of(input=8) == meter.reading.usage
    assert ("text-embedding-3-small", True) == (meter.reading.response_model, meter.reading.complete)


def test_counting_tokens_uses_nothing():
    meter = meter_for(Format.ANTHROPIC_COUNT_TOKENS, provider("anthropic"))
    meter.read_body(b'{"input_tokens":2095}')
    assert meter.reading.usage is None
    assert meter.reading.complete


def test_bytes_pass_untouched():
    meter = meter_for(Format.OPENAI_EMBEDDINGS, provider("openai"))
    assert b"half an ev" == meter.feed(b"half an ev")
    assert b"" == meter.finish()


@pytest.mark.parametrize("form", [Format.GEMINI_EMBED_CONTENT, Format.GEMINI_BATCH_EMBED_CONTENTS])
def test_usage_of_googles_embeddings_is_read_where_it_is_reported(form: Format):
    meter = meter_for(form, provider("sim"))
    meter.read_body(b'{"embedding":{"values":[0.1]},"usageMetadata":{"promptTokenCount":8,"totalTokenCount":8}}')
    assert (usage_of(input=8), True) == (meter.reading.usage, meter.reading.complete)
    meter = meter_for(form, provider("sim"))
    meter.read_body(b'{"embeddings":[{"values":[0.1]}]}')
    assert (None, True) == (meter.reading.usage, meter.reading.complete)


def test_a_ranking_tells_what_was_billed():
    meter = meter_for(Format.RERANK, provider("sim"))
    body = b'{"id":"r","results":[{"index":1,"relevance_score":0.7}],"meta":{"billed_units":{"search_units":2}}}'
    meter.read_body(body)
    assert (usage_of(search_unit=2), None, True) == (
        meter.reading.usage,
        meter.reading.response_model,
        meter.reading.complete,
    )
    meter = meter_for(Format.RERANK, provider("sim"))
    meter.read_body(b'{"object":"list","data":[],"model":"rerank-2-lite","usage":{"total_tokens":43}}')
    assert (usage_of(input=43), "rerank-2-lite") == (meter.reading.usage, meter.reading.response_model)


def test_a_moderation_has_nothing_to_count():
    meter = meter_for(Format.OPENAI_MODERATIONS, provider("openai"))
    meter.read_body(b'{"id":"modr-1","model":"omni-moderation-latest","results":[{"flagged":false}]}')
    reading = meter.reading
    assert (None, True, True, "omni-moderation-latest") == (
        reading.usage,
        reading.countless,
        reading.complete,
        reading.response_model,
    )


def test_where_a_moderation_counts_after_all_that_is_read():
    meter = meter_for(Format.OPENAI_MODERATIONS, provider("mistral"))
    meter.read_body(b'{"model":"m","results":[],"usage":{"prompt_tokens":9,"total_tokens":9}}')
    assert (usage_of(input=9), False) == (meter.reading.usage, meter.reading.countless)


@pytest.mark.parametrize("form", [Format.RERANK, Format.OPENAI_MODERATIONS, Format.OPENAI_EMBEDDINGS])
@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"model":7}'])
def test_what_is_no_answer_is_not_complete(form: Format, body: bytes):
    meter = meter_for(form, provider("sim"))
    meter.read_body(body)
    assert (None, False) == (meter.reading.usage, meter.reading.complete)
