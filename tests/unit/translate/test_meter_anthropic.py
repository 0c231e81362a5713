import pytest

from headgate.domain.formats import Format
from headgate.domain.usage import usage_of
from headgate.providers.table import provider
from headgate.translate.codec import Reading
from headgate.translate.meter import meter_for


def event(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()


START = event(
    "message_start",
    '{"type":"message_start","message":{"model":"claude-x","usage":{"input_tokens":25,"cache_read_input_tokens":7,"output_tokens":1,"service_tier":"standard"}}}',
)
BLOCK = event(
    "content_block_start", '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}'
)
DELTA = event(
    "content_block_delta", '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}'
)
END = event("message_delta", '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}')
STOP = event("message_stop", '{"type":"message_stop"}')
STREAM = START + BLOCK + DELTA + END + STOP


def read(*chunks: bytes) -> tuple[bytes, Reading]:
    meter = meter_for(Format.ANTHROPIC_MESSAGES, provider("anthropic"), hide_usage=True)
    return b"".join(meter.feed(chunk) for chunk in chunks) + meter.finish(), meter.reading


def test_the_bytes_pass_unchanged_also_when_usage_is_to_be_hidden():
    assert STREAM == read(STREAM)[0]


def test_the_end_replaces_what_it_repeats_and_keeps_the_rest():
    reading = read(START, BLOCK, DELTA, END, STOP)[1]
    assert usage_of(input=25, cache_read=7, output=15) == reading.usage
    assert ("claude-x", "end_turn", True) == (reading.response_model, reading.finish_reason, reading.complete)


def test_input_that_grew_through_server_tools_is_replaced():
    grown = END.replace(
        b'{"output_tokens":15}', b'{"input_tokens":900,"output_tokens":15,"cache_read_input_tokens":null}'
    )
    assert usage_of(input=900, cache_read=7, output=15) == read(START, DELTA, grown)[1].usage


def test_an_open_text_block_is_no_content_yet():
    assert not read(START, BLOCK)[1].has_content
    assert read(START, BLOCK, DELTA)[1].has_content


def test_an_open_tool_call_is_content():
    assert read(START, BLOCK.replace(b'"type":"text"', b'"type":"tool_use"'))[1].has_content


def test_an_error_inside_a_stream_is_read():
    reading = read(
        START, DELTA, event("error", '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}')
    )[1]
    assert "Overloaded" == reading.error
    assert not reading.complete


def test_a_stream_that_breaks_off_keeps_what_was_reported():
    reading = read(START, DELTA)[1]
    assert usage_of(input=25, cache_read=7, output=1) == reading.usage
    assert not reading.complete


@pytest.mark.parametrize(
    ("expected", "usage"),
    [
        ("fast", '{"input_tokens":1,"output_tokens":1,"speed":"fast","service_tier":"standard"}'),
        ("us", '{"input_tokens":1,"output_tokens":1,"inference_geo":"us"}'),
        ("batch", '{"input_tokens":1,"output_tokens":1,"service_tier":"batch"}'),
        (None, '{"input_tokens":1,"output_tokens":1,"inference_geo":"global","service_tier":"standard"}'),
    ],
)
def test_what_changes_the_price_is_the_tier(expected: str | None, usage: str):
    meter = meter_for(Format.ANTHROPIC_MESSAGES, provider("anthropic"))
    meter.read_body(f'{{"type":"message","model":"claude-x","stop_reason":"end_turn","usage":{usage}}}'.encode())
    assert expected == meter.reading.service_tier


def test_a_whole_body_is_read():
    meter = meter_for(Format.ANTHROPIC_MESSAGES, provider("anthropic"))
    meter.read_body(
        b'{"type":"message","model":"claude-x","stop_reason":"max_tokens","usage":{"input_tokens":3,"output_tokens":4}}'
    )
    reading = meter.reading
    assert usage_of(input=3, output=4) == reading.usage
    assert ("claude-x", "max_tokens", True) == (reading.response_model, reading.finish_reason, reading.complete)


def test_a_whole_message_in_one_event_is_read():
    whole = event(
        "message",
        '{"type":"message","model":"claude-x","stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":4}}',
    )
    assert usage_of(input=3, output=4) == read(whole)[1].usage
