import pytest

from headgate.domain.formats import Format
from headgate.domain.usage import Usage, usage_of
from headgate.translate.cohere_chat.end_stream import render_stream_error
from headgate.translate.ending import Ending, ending_for, follower_for
from headgate.translate.meter_cohere import CohereMeter
from tests.kit.natives import sse
from tests.kit.reading import events

CALL = {"tool_calls": {"id": "c", "function": {"name": "look", "arguments": ""}}}


def ending() -> Ending:
    return ending_for(Format.COHERE_CHAT, created=7, model="asked", include_usage=False)


def event(kind: str, index: int = 0, **message: object) -> bytes:
    return sse({"type": kind, "index": index, "delta": {"message": message}}, kind)


def metered(stream: bytes) -> CohereMeter:
    meter = CohereMeter()
    meter.feed(stream)
    meter.finish()
    return meter


def test_what_is_open_is_closed_in_the_words_of_the_format():
    begun = event("message-start", role="assistant") + event("content-start", content={"type": "thinking"})
    end = ending()
    end.feed(begun + sse({"type": "content-end", "index": 0}) + event("content-start", 1, content={"type": "text"}))
    end.feed(event("tool-call-start", 0, **CALL))
    told = list(events(end.finish(usage_of(input=3, output=2, output_reasoning=4))))
    counts = {"input_tokens": 3, "output_tokens": 6}
    assert [
        {"type": "content-end", "index": 1},
        {"type": "tool-call-end", "index": 0},
        {
            "type": "message-end",
            "delta": {"finish_reason": "MAX_TOKENS", "usage": {"billed_units": counts, "tokens": counts}},
        },
    ] == told
    assert b"" == end.finish(None)


def test_a_stream_that_said_nothing_yet_is_a_whole_one():
    first, last = events(ending().finish(Usage({})))
    assert ("message-start", "chat-7", "assistant") == (first["type"], first["id"], first["delta"]["message"]["role"])
    assert ("message-end", {}) == (last["type"], last["delta"]["usage"])


def test_what_it_ends_is_read_as_complete():
    begun = event("message-start") + event("content-start", content={"type": "text", "text": "a"})
    end = ending()
    end.feed(begun)
    meter = metered(begun + end.finish(usage_of(input=3, output=2)))
    assert (True, "MAX_TOKENS", usage_of(input=3, output=2)) == (
        meter.reading.complete,
        meter.reading.finish_reason,
        meter.reading.usage,
    )


@pytest.mark.parametrize("last", [sse({"type": "message-end", "delta": {}}), sse({"type": "error", "message": "x"})])
def test_what_has_ended_is_not_ended_again(last: bytes):
    end = ending()
    end.feed(event("message-start") + last)
    assert end.over
    assert b"" == end.finish(None)


def test_it_counts_as_the_follower_does():
    stream = event("content-start", content={"type": "text", "text": "ab"}) + b'data: {"odd\n\n'
    assert follower_for(Format.COHERE_CHAT).feed(stream) == ending().feed(stream)


def test_a_broken_stream_is_no_whole_answer():
    broken = render_stream_error('It "broke".\n')
    (only,) = events(broken)
    assert ("message-end", "ERROR", 'It "broke".\n') == (
        only["type"],
        only["delta"]["finish_reason"],
        only["delta"]["error"],
    )
    reading = metered(broken).reading
    assert (False, 'It "broke".\n') == (reading.complete, reading.error)
