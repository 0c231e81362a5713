import json

import pytest

from headgate.domain.conversation import Answer, RedactedThinking, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import Usage, usage_of
from headgate.translate.codec import UntranslatableError
from headgate.translate.gemini.render_answer import render_answer, render_usage
from headgate.translate.signatures import from_gemini


def render(*parts: object, **fields: object) -> dict:
    return json.loads(render_answer(Answer(parts=parts, **fields), created=7))


def test_a_whole_answer_is_written():
    assert {
        "candidates": [
            {
                "content": {
                    "parts": [
                        {"text": "hm", "thought": True},
                        {"text": "hi"},
                        {"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}},
                    ],
                    "role": "model",
                },
                "finishReason": "STOP",
                "index": 0,
            }
        ],
        "modelVersion": "m",
        "responseId": "r",
    } == render(
        Thinking(text="hm"),
        Text(text="hi"),
        ToolCall(id="a", name="f", arguments='{"x": 1}'),
        id="r",
        model="m",
        stop_reason=StopReason.TOOL_USE,
    )


def test_an_answer_without_an_id_gets_one():
    assert "gen-7" == render()["responseId"]


def test_signatures_of_others_travel_in_base64():
    parts = render(Thinking(text="hm", signature="s~"), RedactedThinking(data="d~"))["candidates"][0]["content"][
        "parts"
    ]
    assert ["s~", "d~"] == [
        found.signature if isinstance(found, Thinking) else found.data
        for found in (from_gemini(part["thoughtSignature"]) for part in parts)
    ]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [(StopReason.MAX_TOKENS, "MAX_TOKENS"), (StopReason.TOOL_USE, "MALFORMED_FUNCTION_CALL"), (None, "MALFORMED_FUNCTION_CALL")],
)  # fmt: skip
def test_a_call_that_is_no_object_is_told_by_the_reason(reason: StopReason | None, expected: str):
    candidate = render(Text(text="a"), ToolCall(id="a", name="f", arguments='{"x'), stop_reason=reason)["candidates"][0]
    assert ([{"text": "a"}], expected) == (candidate["content"]["parts"], candidate["finishReason"])


def test_a_fragment_is_refused():
    with pytest.raises(UntranslatableError):
        render(failure="Busy")


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (usage_of(input=3, output=4), {"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7,
                                       "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 3}]}),
        (usage_of(input=1, input_image=2, cache_read=3, cache_read_audio=4, cache_write=5, output=6, output_audio=7,
                  output_reasoning=8),
         {"promptTokenCount": 15, "candidatesTokenCount": 13, "totalTokenCount": 36, "thoughtsTokenCount": 8,
          "cachedContentTokenCount": 7,
          "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 9}, {"modality": "AUDIO", "tokenCount": 4},
                                  {"modality": "IMAGE", "tokenCount": 2}],
          "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 3}, {"modality": "AUDIO", "tokenCount": 4}],
          "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 6}, {"modality": "AUDIO", "tokenCount": 7}]}),
    ],
)  # fmt: skip
def test_usage_is_written_as_google_counts(usage: Usage, expected: dict):
    assert expected == render_usage(usage)
