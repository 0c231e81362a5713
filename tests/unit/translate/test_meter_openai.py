from decimal import Decimal

import pytest

from headgate.domain.formats import Format
from headgate.domain.usage import usage_of
from headgate.providers.table import provider
from headgate.translate.codec import Reading
from headgate.translate.meter import meter_for

ROLE = b'data: {"model":"gpt-x","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}\n\n'
TEXT = b'data: {"model":"gpt-x","choices":[{"index":0,"delta":{"content":"the \\"usage\\""},"finish_reason":null}],"usage":null}\n\n'
STOP = b'data: {"model":"gpt-x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n'
USAGE = b'data: {"model":"gpt-x","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}\n\n'
DONE = b"data: [DONE]\n\n"
STREAM = ROLE + TEXT + STOP + USAGE + DONE


def read(*chunks: bytes, hide_usage: bool = False, operator: str = "openai") -> tuple[bytes, Reading]:
    meter = meter_for(Format.OPENAI_CHAT, provider(operator), hide_usage=hide_usage)
    out = b"".join(meter.feed(chunk) for chunk in chunks) + meter.finish()
    return out, meter.reading


def test_the_bytes_pass_unchanged():
    assert STREAM == read(STREAM)[0]


def test_a_stream_tells_everything_about_itself():
    reading = read(ROLE, TEXT, STOP, USAGE, DONE)[1]
    assert usage_of(input=9, output=2) == reading.usage
    assert ("gpt-x", "stop", True, True) == (
        reading.response_model,
        reading.finish_reason,
        reading.has_content,
        reading.complete,
    )
    assert (None, None, None) == (reading.service_tier, reading.reported_cost, reading.error)


def test_the_usage_that_only_we_asked_for_is_left_out():
    out, reading = read(ROLE, TEXT, STOP, USAGE, DONE, hide_usage=True)
    assert ROLE + TEXT + STOP + DONE == out
    assert usage_of(input=9, output=2) == reading.usage


def test_usage_beside_choices_is_never_hidden():
    last = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2}}\n\n'
    out, reading = read(TEXT, last, hide_usage=True)
    assert TEXT + last == out
    assert usage_of(input=9, output=2) == reading.usage


def test_an_empty_first_chunk_without_usage_is_never_hidden():
    filtered = b'data: {"choices":[],"prompt_filter_results":[{"prompt_index":0}],"usage":null}\n\n'
    assert filtered + TEXT == read(filtered, TEXT, hide_usage=True)[0]


def test_the_role_alone_is_no_content():
    assert not read(ROLE)[1].has_content


@pytest.mark.parametrize(
    "delta",
    [
        b'"content":"x"',
        b'"reasoning_content":"x"',
        b'"reasoning":"x"',
        b'"tool_calls":[{"index":0}]',
        b'"refusal":"no"',
    ],
)
def test_text_reasoning_tools_and_refusals_are_content(delta: bytes):
    assert read(b'data: {"choices":[{"delta":{' + delta + b"}}]}\n\n")[1].has_content


def test_a_stream_that_ends_without_usage_leaves_it_unknown():
    reading = read(ROLE, TEXT)[1]
    assert reading.usage is None
    assert not reading.complete


def test_of_cumulative_usage_the_last_counts():
    first, last = (
        b'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":%d}}\n\n' % count for count in (1, 8)
    )
    assert usage_of(input=5, output=8) == read(TEXT, first, last)[1].usage


def test_groq_usage_in_two_places_counts_once():
    usage = b'{"prompt_tokens":5,"completion_tokens":8,"total_tokens":13}'
    chunk = b'data: {"choices":[],"usage":' + usage + b',"x_groq":{"usage":' + usage + b"}}\n\n"
    assert usage_of(input=5, output=8) == read(TEXT, chunk, operator="groq")[1].usage


def test_groq_usage_in_its_own_place_is_found():
    chunk = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":5,"completion_tokens":8}}}\n\n'
    assert usage_of(input=5, output=8) == read(TEXT, chunk, operator="groq")[1].usage


def test_an_error_inside_a_stream_is_read():
    error = b'event: error\ndata: {"error":{"message":"tool call failed","type":"invalid_request_error"}}\n\n'
    out, reading = read(TEXT, error)
    assert TEXT + error == out
    assert "tool call failed" == reading.error


def test_spaces_after_colons_change_nothing():
    spaced = STREAM.replace(b'":', b'": ').replace(b'",', b'", ')
    out, reading = read(spaced)
    assert spaced == out
    assert usage_of(input=9, output=2) == reading.usage


def test_comments_pass():
    comment = b": OPENROUTER PROCESSING\n\n"
    assert comment + STREAM == read(comment, STREAM)[0]


def test_the_tier_that_was_billed_is_read():
    reading = read(STREAM.replace(b'"usage":null', b'"service_tier":"flex","usage":null'))[1]
    assert "flex" == reading.service_tier


def test_the_size_of_the_search_context_is_perplexitys_tier():
    body = b'{"model":"sonar","choices":[{}],"usage":{"prompt_tokens":1,"completion_tokens":2,"search_context_size":"low","cost":{"total_cost":0.005}}}'
    meter = meter_for(Format.OPENAI_CHAT, provider("perplexity"))
    meter.read_body(body)
    assert ("search-low", Decimal("0.005")) == (meter.reading.service_tier, meter.reading.reported_cost)


def test_venices_cost_beside_the_usage_is_read():
    meter = meter_for(Format.OPENAI_CHAT, provider("venice"))
    meter.read_body(
        b'{"choices":[{}],"cost":{"usd":0.00010471875000000001},"usage":{"prompt_tokens":1,"completion_tokens":2}}'
    )
    assert Decimal("0.00010471875000000001") == meter.reading.reported_cost


def test_a_field_of_an_unexpected_type_does_not_hide_the_usage():
    meter = meter_for(Format.OPENAI_CHAT, provider("openai"))
    meter.read_body(
        b'{"model":7,"service_tier":{},"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}}'
    )
    assert usage_of(input=1, output=2) == meter.reading.usage


def test_a_whole_body_is_complete():
    meter = meter_for(Format.OPENAI_CHAT, provider("openai"))
    meter.read_body(
        b'{"model":"m","choices":[{"message":{"role":"assistant","content":"x"},"finish_reason":"length"}]}'
    )
    reading = meter.reading
    assert (True, True, "length", None) == (reading.complete, reading.has_content, reading.finish_reason, reading.usage)
