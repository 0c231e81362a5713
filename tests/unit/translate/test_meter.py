import pytest

from headgate.domain.formats import Format
from headgate.domain.usage import usage_of
from headgate.providers.table import provider
from headgate.translate.meter import meter_for


@pytest.mark.parametrize("form", list(Format))
def test_every_format_has_a_meter_that_starts_with_an_empty_reading(form: Format):
    reading = meter_for(form, provider("sim")).reading
    assert (None, False, False, None) == (reading.usage, reading.has_content, reading.complete, reading.error)


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"null", b'{"usage":7}', b'{"choices":"x","usage":[]}'])
def test_a_body_that_cannot_be_read_leaves_the_usage_unknown(form: Format, body: bytes):
    meter = meter_for(form, provider("sim"))
    meter.read_body(body)
    assert meter.reading.usage is None


def test_the_quirks_of_the_operator_apply():
    body = b'{"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":6,"completion_tokens_details":{"reasoning_tokens":3}}}'
    meter = meter_for(Format.OPENAI_CHAT, provider("xai"))
    meter.read_body(body)
    assert usage_of(input=1, output=2, output_reasoning=3) == meter.reading.usage
