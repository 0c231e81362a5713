import pytest

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    PartEnded,
    Started,
    StopReason,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.domain.usage import usage_of
from headgate.translate.codec import UntranslatableError
from headgate.translate.ollama_chat.parse_stream import OllamaStreamParser
from tests.kit.natives import dumped

END = {"model": "m", "message": {"content": ""}, "done": True, "done_reason": "stop"}
COUNTS = {"prompt_eval_count": 15, "eval_count": 2}


def parse(*lines: dict, rest: bytes = b"") -> list[Delta]:
    parser = OllamaStreamParser()
    return [*parser.feed(b"".join(dumped(line) + b"\n" for line in lines) + rest), *parser.finish()]


def line(**message: object) -> dict:
    return {"model": "m", "message": {"role": "assistant", "content": "", **message}, "done": False}


def called(name: str, arguments: object, **fields: object) -> dict:
    return line(tool_calls=[{"function": {"name": name, "arguments": arguments}, **fields}])


def test_an_answer_is_read_line_by_line_and_nothing_behind_its_end():
    assert [
        Started(model="m"),
        ThinkingDelta(text="Hm."),
        TextDelta(text="Hi"),
        UsageReported(usage=usage_of(input=15, output=2)),
        Finished(stop_reason=StopReason.END_TURN),
    ] == parse(line(thinking="Hm."), line(content="Hi"), END | COUNTS, line(content="late"), rest=b"\n\n")


def test_calls_come_whole_and_are_numbered_through():
    assert [
        ToolCallStarted(key=0, id="call_0", name="f"),
        ToolCallDelta(key=0, arguments='{"a":1}'),
        PartEnded(key=0),
        ToolCallStarted(key=1, id="x", name="g"),
        PartEnded(key=1),
        Finished(stop_reason=StopReason.TOOL_USE),
    ] == parse(called("f", {"a": 1}), called("g", None, id="x"), END)[1:]


def test_text_in_the_last_line_counts():
    last = END | {"message": {"content": "Bye"}, "done_reason": "length"}
    assert [Started(model="m"), TextDelta(text="Bye"), Finished(stop_reason=StopReason.MAX_TOKENS)] == parse(last)


def test_an_error_in_the_middle_ends_it():
    assert [Failed(message="out of memory")] == parse(line(content="Hi"), {"error": "out of memory"}, END)[2:]


def test_a_stream_that_breaks_off_failed_and_half_a_line_is_none():
    whole = dumped(END)
    assert isinstance(parse(line(content="Hi"), rest=whole[:-5])[-1], Failed)
    assert isinstance(parse(line(content="Hi"), rest=whole)[-1], Finished)
    assert [Failed(message="The answer broke off before its end.")] == parse()


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("message.tool_calls.function.arguments", called("f", [1])),
        ("message.tool_calls.function.name", called("", {})),
        ("message.content", line(content=["a"])),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(field: str, bad: dict):
    with pytest.raises(UntranslatableError) as refused:
        parse(bad)
    assert field == refused.value.field


def test_a_line_that_is_no_json_is_refused():
    with pytest.raises(UntranslatableError, match="not JSON"):
        OllamaStreamParser().feed(b'{"model":"m","message\n')
