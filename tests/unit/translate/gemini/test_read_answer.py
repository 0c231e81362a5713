import json

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
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode
from headgate.translate.gemini.answer_shapes import Body
from headgate.translate.gemini.read_answer import AnswerReader
from headgate.translate.signatures import hidden_to_gemini

STOP = {"finishReason": "STOP"}


def body(*parts: object, finish: dict | None = None, **more: object) -> dict:
    return {"candidates": [{"content": {"parts": list(parts)}, "index": 0, **(finish or {})}], **more}


def read(*bodies: dict) -> list[Delta]:
    reader = AnswerReader()
    deltas = [delta for each in bodies for delta in reader.read(decode(json.dumps(each).encode(), Body, ""))]
    return [*deltas, *reader.finish()]


def content(*parts: object) -> list[Delta]:
    return read(body(*parts, finish=STOP))[1:-1]


def test_an_answer_is_read_in_pieces():
    head = {"modelVersion": "m", "responseId": "r"}
    assert [
        Started(id="r", model="m", usage=usage_of(input=3)),
        TextDelta(text="hi"),
        UsageReported(usage=usage_of(input=3)),
        TextDelta(text=" there"),
        UsageReported(usage=usage_of(input=3, output=5)),
        Finished(stop_reason=StopReason.END_TURN),
    ] == read(
        body({"text": "hi"}, usageMetadata={"promptTokenCount": 3}, **head),
        body({"text": " there"}, finish=STOP, usageMetadata={"promptTokenCount": 3, "candidatesTokenCount": 5}, **head),
    )


def test_a_call_comes_whole_with_its_signature_in_front():
    assert [
        PartEnded(),
        SignatureDelta(signature="google:c2ln"),
        PartEnded(),
        ToolCallStarted(key=0, id="call_r_0", name="f"),
        ToolCallDelta(key=0, arguments='{"x":1}'),
        PartEnded(key=0),
        ToolCallStarted(key=1, id="b", name="g"),
        ToolCallDelta(key=1, arguments="{}"),
        PartEnded(key=1),
        Finished(stop_reason=StopReason.TOOL_USE),
    ] == read(
        body(
            {"functionCall": {"name": "f", "args": {"x": 1}}, "thoughtSignature": "c2ln"},
            {"functionCall": {"name": "g", "id": "b"}},
            finish=STOP,
            responseId="r",
        )
    )[1:]


def test_an_answer_without_an_id_counts_its_calls():
    assert "call_0" == content({"functionCall": {"name": "f"}})[0].id


def test_thoughts_are_told_from_text():
    assert [
        ThinkingDelta(text="hm"),
        SignatureDelta(signature="google:c2ln"),
        PartEnded(),
        TextDelta(text="hi"),
    ] == content(
        {"text": "hm", "thought": True, "thoughtSignature": "c2ln"}, {"text": "hi", "thoughtSignature": "eA=="}
    )


def test_what_another_provider_hid_is_still_hidden():
    assert [RedactedThinkingArrived(data="d")] == content(
        {"text": "", "thought": True, "thoughtSignature": hidden_to_gemini("d")}
    )


def test_parts_that_say_nothing_are_nothing():
    assert [] == content({}, {"text": ""}, {"text": "", "thought": True})


@pytest.mark.parametrize(
    ("finish", "expected"),
    [
        ({"finishReason": "MAX_TOKENS"}, StopReason.MAX_TOKENS),
        ({"finishReason": 2}, StopReason.MAX_TOKENS),
        ({"finishReason": "RECITATION"}, StopReason.REFUSAL),
        ({"finishReason": "A_NEW_ONE"}, StopReason.END_TURN),
    ],
)
def test_reasons_are_read(finish: dict, expected: StopReason):
    assert Finished(stop_reason=expected) == read(body({"text": "x"}, finish=finish))[-1]


def test_of_reasons_in_every_body_the_last_one_counts():
    deltas = read(body({"text": "a"}, finish=STOP), body({"text": "b"}, finish={"finishReason": "MAX_TOKENS"}))
    assert [Finished(stop_reason=StopReason.MAX_TOKENS)] == [delta for delta in deltas if isinstance(delta, Finished)]


def test_a_model_that_failed_has_given_no_answer():
    finish = {"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "print(f"}
    assert Failed(message="The model failed: MALFORMED_FUNCTION_CALL. print(f") == read(body(finish=finish))[-1]


def test_a_prompt_that_was_blocked_is_refused():
    assert [Started(), UsageReported(usage=usage_of(input=8)), Finished(stop_reason=StopReason.REFUSAL)] == [
        Started() if isinstance(delta, Started) else delta
        for delta in read({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 8}})
    ]


def test_an_error_ends_it_and_nothing_follows():
    assert [Failed(message="Busy")] == read(
        {"error": {"code": 503, "message": "Busy"}}, body({"text": "x"}, finish=STOP)
    )


def test_an_answer_without_an_end_broke_off():
    assert isinstance(read(body({"text": "x"}))[-1], Failed)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (body({"inlineData": {"mimeType": "image/png", "data": ""}}), "candidates[0].content.parts[0].inlineData"),
        (body({"text": "x"}, {"executableCode": {}}), "candidates[0].content.parts[1].executableCode"),
        (body({"codeExecutionResult": {}}), "candidates[0].content.parts[0].codeExecutionResult"),
        (body({"toolCall": {}}), "candidates[0].content.parts[0].toolCall"),
        (body({"functionCall": {"args": {}}}), "candidates[0].content.parts[0].functionCall.name"),
        (body({"functionCall": {"name": "f", "partialArgs": []}}), "candidates[0].content.parts[0].functionCall.partialArgs"),
        (body({"functionCall": {"name": "f", "args": 1}}), "candidates[0].content.parts[0].functionCall.args"),
        ({"candidates": [{"index": 1}]}, "candidates"),
        ({"candidates": [{"content": []}]}, "candidates[0].content"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_named(given: dict, field: str):
    with pytest.raises(UntranslatableError) as caught:
        read(given)
    assert field == caught.value.field
