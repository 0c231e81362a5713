import json

import pytest

from headgate.domain.conversation import Answer, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import usage_of
from headgate.translate.codec import UntranslatableError
from headgate.translate.gemini.parse_answer import parse_answer


def parse(**fields: object) -> Answer:
    return parse_answer(json.dumps(fields).encode())


def test_a_whole_answer_is_read():
    parts = [
        {"text": "hm", "thought": True},
        {"text": "Hello, "},
        {"text": "you"},
        {"functionCall": {"name": "f", "args": {"x": 1}, "id": "a"}, "thoughtSignature": "c2ln"},
    ]
    assert Answer(
        id="r",
        model="m",
        parts=(
            Thinking(text="hm"),
            Text(text="Hello, you"),
            Thinking(text="", signature="google:c2ln"),
            ToolCall(id="a", name="f", arguments='{"x":1}'),
        ),
        stop_reason=StopReason.TOOL_USE,
        usage=usage_of(input=3, output=4, output_reasoning=5),
    ) == parse(
        candidates=[{"content": {"parts": parts, "role": "model"}, "finishReason": "STOP", "groundingMetadata": {}}],
        usageMetadata={
            "promptTokenCount": 3,
            "candidatesTokenCount": 4,
            "thoughtsTokenCount": 5,
            "totalTokenCount": 12,
        },
        modelVersion="m",
        responseId="r",
    )


def test_an_answer_without_usage_has_none():
    assert parse(candidates=[{"finishReason": "STOP"}]).usage is None


@pytest.mark.parametrize(
    "fields", [{}, {"candidates": []}, {"promptFeedback": {"safetyRatings": []}}, {"usageMetadata": {}}]
)
def test_no_candidate_is_no_answer(fields: dict):
    with pytest.raises(UntranslatableError) as caught:
        parse(**fields)
    assert "candidates" == caught.value.field


def test_a_model_that_failed_is_named():
    with pytest.raises(UntranslatableError) as caught:
        parse(candidates=[{"finishReason": "UNEXPECTED_TOOL_CALL"}])
    assert "candidates[0].finishReason" == caught.value.field


def test_a_prompt_that_was_blocked_is_a_refusal():
    assert StopReason.REFUSAL is parse(promptFeedback={"blockReason": "SAFETY"}).stop_reason
