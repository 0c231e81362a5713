import pytest

from headgate.domain.conversation import Delta, Failed, Finished, Started, StopReason, TextDelta, UsageReported
from headgate.domain.usage import usage_of
from headgate.translate.codec import UntranslatableError
from headgate.translate.tgi_generate.parse_stream import TgiStreamParser
from tests.kit.natives import sse

DETAILS = {"finish_reason": "eos_token", "generated_tokens": 3, "seed": None, "input_length": 7}


def parse(*events: dict, rest: bytes = b"") -> list[Delta]:
    parser = TgiStreamParser()
    return [*parser.feed(b"".join(map(sse, events)) + rest), *parser.finish()]


def token(text: str, *, special: bool = False, whole: str | None = None, details: dict | None = None) -> dict:
    return {"token": {"id": 1, "text": text, "special": special}, "generated_text": whole, "details": details}


def test_tokens_are_the_text_and_special_ones_are_none():
    assert [
        Started(),
        TextDelta(text="Hi"),
        TextDelta(text=" there"),
        UsageReported(usage=usage_of(input=7, output=3)),
        Finished(stop_reason=StopReason.END_TURN),
    ] == parse(
        token("Hi"), token(" there"), token("</s>", special=True, whole="Hi there", details=DETAILS), token("late")
    )


def test_what_only_the_whole_text_has_is_said_at_the_end():
    assert [TextDelta(text="a"), TextDelta(text="é")] == parse(token("a"), token("", whole="aé"))[1:3]
    assert [TextDelta(text="b"), Finished(stop_reason=StopReason.END_TURN)] == parse(token("b", whole="a"))[1:]


def test_an_error_in_the_middle_ends_it():
    error = {"error": "Request failed during generation", "error_type": "generation"}
    assert [Failed(message="Request failed during generation")] == parse(token("a"), error, token("b", whole="b"))[2:]


def test_a_stream_that_breaks_off_failed_and_half_an_event_is_none():
    whole = sse(token("a", whole="a"))
    assert isinstance(parse(rest=whole[:-10])[-1], Failed)
    assert isinstance(parse(rest=whole[:-2])[-1], Finished)


def test_what_cannot_be_read_is_refused_by_name():
    with pytest.raises(UntranslatableError, match=r"^token\.text"):
        parse({"token": {"text": 1}})
