import json

import pytest

from headgate.domain.conversation import Delta, Failed, Finished, StopReason, TextDelta
from headgate.translate.codec import UntranslatableError
from headgate.translate.gemini.parse_stream import GeminiStreamParser

PIECES = [
    {"candidates": [{"content": {"parts": [{"text": "Hel"}]}}]},
    {"candidates": [{"content": {"parts": [{"text": "lo"}]}, "finishReason": "STOP"}]},
]


def parse(stream: bytes) -> list[Delta]:
    parser = GeminiStreamParser()
    return [
        delta for delta in [*parser.feed(stream), *parser.finish()] if isinstance(delta, TextDelta | Finished | Failed)
    ]


def stream(*pieces: dict, end: str = "\r\n\r\n") -> bytes:
    return "".join(f"data: {json.dumps(piece)}{end}" for piece in pieces).encode()


@pytest.mark.parametrize("end", ["\r\n\r\n", "\n\n"])
def test_events_are_read_whatever_ends_their_lines(end: str):
    expected = [TextDelta(text="Hel"), TextDelta(text="lo"), Finished(stop_reason=StopReason.END_TURN)]
    assert expected == parse(stream(*PIECES, end=end))
    assert expected == parse(stream(*PIECES, end=end).rstrip() + b"")


def test_an_event_over_several_lines_is_one():
    assert (
        TextDelta(text="a") == parse(b'data: {"candidates": [{"content":\ndata: {"parts": [{"text": "a"}]}}]}\n\n')[0]
    )


def test_a_stream_that_breaks_off_failed():
    assert isinstance(parse(stream(PIECES[0]))[-1], Failed)
    assert isinstance(parse(stream(*PIECES)[:-20])[-1], Failed)


def test_what_is_no_json_is_refused():
    with pytest.raises(UntranslatableError):
        parse(b"data: {broken\n\n")
