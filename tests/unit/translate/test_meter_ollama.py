import pytest

from headgate.domain.usage import usage_of
from headgate.translate.codec import Reading
from headgate.translate.meter_ollama import OllamaMeter
from tests.kit.natives import dumped

COUNTS = {"prompt_eval_count": 15, "eval_count": 2}
END = {"model": "m", "message": {"content": ""}, "done": True, "done_reason": "stop", **COUNTS}


def line(**message: object) -> bytes:
    return dumped({"model": "m", "message": {"content": "", **message}, "done": False}) + b"\n"


def metered(*chunks: bytes) -> tuple[bytes, Reading]:
    meter = OllamaMeter()
    return b"".join([*map(meter.feed, chunks), meter.finish()]), meter.reading


def whole(body: object) -> Reading:
    meter = OllamaMeter()
    meter.read_body(dumped(body))
    return meter.reading


def test_a_body_is_read():
    reading = whole(END | {"message": {"content": "Hi"}})
    assert ("m", "stop", usage_of(input=15, output=2)) == (reading.response_model, reading.finish_reason, reading.usage)
    assert reading.complete
    assert reading.has_content


@pytest.mark.parametrize("body", [[], {}, {"message": {"content": "Hi"}}, {"done": "yes"}])
def test_what_is_no_answer_is_not_complete(body: object):
    assert not whole(body).complete


def test_a_body_that_is_an_error_says_so():
    reading = whole({"error": "no such model"})
    assert ("no such model", False) == (reading.error, reading.complete)


@pytest.mark.parametrize("space", [b":", b": "])
def test_a_stream_passes_unchanged_and_ends_with_its_counts(space: bytes):
    stream = (line(content='says "done":true') + line(content="b") + dumped(END)).replace(b":", space) + b"\n"
    given, reading = metered(stream[:30], stream[30:])
    assert stream == given
    assert (usage_of(input=15, output=2), True, True, True) == (
        reading.usage, reading.has_content, reading.complete, reading.ended,
    )  # fmt: skip


@pytest.mark.parametrize("message", [{"thinking": "Hm."}, {"tool_calls": [{"function": {"name": "f"}}]}])
def test_thoughts_and_calls_are_content(message: dict):
    assert metered(line(**message))[1].has_content
    assert not metered(line())[1].has_content


def test_a_last_line_without_a_break_counts():
    assert metered(line(content="a"), dumped(END))[1].ended


def test_an_error_in_the_middle_is_read():
    reading = metered(line(content="a"), b'{"error":"out of memory"}\n')[1]
    assert ("out of memory", False) == (reading.error, reading.complete)


@pytest.mark.parametrize("counts", [b'"eval_count":79', b'"prompt_eval_count":1e400,"eval_count":1'])
def test_counts_that_are_missing_or_unreadable_leave_the_usage_unknown(counts: bytes):
    reading = metered(b'{"message":{"content":"a"},"done":true,' + counts + b"}\n")[1]
    assert (None, True) == (reading.usage, reading.complete)


def test_what_is_no_line_passes():
    assert b"{\n\nrest" == metered(b"{\n\nre", b"st")[0]
