import base64
import struct
import zlib

import pytest

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    PartEnded,
    RedactedThinkingArrived,
    SignatureDelta,
    Started,
    StopReason,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.domain.usage import usage_of
from headgate.translate.bedrock_converse.parse_stream import ConverseStreamParser
from headgate.translate.codec import UntranslatableError
from headgate.wire.eventstream import render_frame
from tests.kit.converse import delta, exception, frame

START = frame("messageStart", role="assistant")
STOP = frame("messageStop", stopReason="end_turn")
BILL = frame("metadata", usage={"inputTokens": 9, "outputTokens": 4}, metrics={"latencyMs": 3})


def parse(*frames: bytes) -> list[Delta]:
    parser = ConverseStreamParser()
    return [*(delta for each in frames for delta in parser.feed(each)), *parser.finish()]


def test_a_stream_is_read():
    call = {"toolUse": {"toolUseId": "t1", "name": "look_up", "type": "tool_use"}}
    deltas = parse(
        START,
        delta(0, reasoningContent={"text": "Hm."}),
        delta(0, reasoningContent={"signature": "sig"}),
        frame("contentBlockStop", contentBlockIndex=0),
        delta(1, text="Hi"),
        frame("contentBlockStop", contentBlockIndex=1),
        frame("contentBlockStart", contentBlockIndex=2, start=call),
        delta(2, toolUse={"input": ""}),
        delta(2, toolUse={"input": '{"a":1}'}),
        frame("contentBlockStop", contentBlockIndex=2),
        frame("messageStop", stopReason="tool_use"),
        BILL,
    )
    assert deltas == [
        Started(),
        ThinkingDelta(text="Hm."),
        SignatureDelta(signature="sig"),
        PartEnded(),
        TextDelta(text="Hi"),
        PartEnded(),
        ToolCallStarted(key=2, id="t1", name="look_up"),
        ToolCallDelta(key=2, arguments='{"a":1}'),
        PartEnded(key=2),
        Finished(stop_reason=StopReason.TOOL_USE),
        UsageReported(usage=usage_of(input=9, output=4)),
    ]


def test_hidden_thinking_is_one_part_however_many_pieces_it_comes_in():
    one = delta(0, reasoningContent={"redactedContent": "RXVBRUNrZ0lCeEFC"})
    end = frame("contentBlockStop", contentBlockIndex=0)
    whole = [RedactedThinkingArrived(data="EuAECkgIBxAB")]
    assert whole == parse(one, end, STOP)[:-1]
    halves = [base64.b64encode(half).decode() for half in (b"EuAEC", b"kgIBxAB")]
    assert whole == parse(*(delta(0, reasoningContent={"redactedContent": half}) for half in halves), end, STOP)[:-1]
    odd = parse(*(delta(0, reasoningContent={"redactedContent": half}) for half in ("?", "!")), end, STOP)[:-1]
    assert [RedactedThinkingArrived(data="bedrock:?!")] == odd


def test_what_says_nothing_gives_nothing():
    cited = delta(0, citation={"title": "T", "location": {}})
    empty = [delta(0, text=""), delta(0, reasoningContent={}), delta(0), frame("contentBlockStart", start={})]
    assert [Finished(stop_reason=StopReason.END_TURN)] == parse(cited, *empty, frame("somethingNew", a=1), STOP)


def test_the_stop_sequence_is_read_where_it_was_asked_for():
    stop = frame("messageStop", stopReason="stop_sequence", additionalModelResponseFields={"stop_sequence": "END"})
    assert [Finished(stop_reason=StopReason.STOP_SEQUENCE, stop_sequence="END")] == parse(stop)


def test_a_failure_inside_the_stream_ends_it():
    deltas = parse(START, delta(0, text="Hi"), exception("throttlingException", "Too many."), delta(0, text="no"), STOP)
    assert [Failed(message="Too many.", error_type="throttlingException")] == deltas[2:]


def test_a_stream_without_an_end_failed():
    assert [Failed(message="The answer broke off before its end.")] == parse(START, delta(0, text="Hi")[:-1])[1:]


def test_damage_is_a_failure_and_what_came_before_it_stands():
    damaged = bytearray(delta(0, text="yo"))
    damaged[-1] ^= 1
    deltas = parse(START + delta(0, text="Hi") + bytes(damaged) + STOP, BILL)
    assert [
        Started(),
        TextDelta(text="Hi"),
        Failed(message="The answer is damaged: the checksum of a frame is wrong."),
    ] == deltas


def test_headers_that_cannot_be_read_are_damage():
    lying = bytearray(render_frame(b"{}", {"a": "b"})[:-4])
    # The length of the header's name, beyond its block.
    lying[12] = 200
    raw = bytes(lying) + struct.pack(">I", zlib.crc32(bytes(lying)))
    assert [Failed(message="The answer is damaged: the headers of a frame cannot be read.")] == parse(raw)


@pytest.mark.parametrize(
    ("field", "frame_"),
    [
        ("start.tool_result", frame("contentBlockStart", start={"toolResult": {"toolUseId": "t"}})),
        ("start.image", frame("contentBlockStart", start={"image": {"format": "png"}})),
        (
            "start.toolUse.type",
            frame("contentBlockStart", start={"toolUse": {"toolUseId": "t", "name": "n", "type": "server_tool_use"}}),
        ),
        ("delta.tool_result", delta(0, toolResult=[{"json": {}}])),
        ("contentBlockIndex", delta(5, toolUse={"input": "{}"})),
        ("delta.text", delta(0, text=7)),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(field: str, frame_: bytes):
    with pytest.raises(UntranslatableError) as found:
        parse(START, frame_)
    assert field == found.value.field
