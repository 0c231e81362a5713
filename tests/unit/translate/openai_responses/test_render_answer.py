import json

import pytest

from headgate.domain.conversation import Answer, AnswerPart, RedactedThinking, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import usage_of
from headgate.translate.codec import UntranslatableError
from headgate.translate.openai_responses.render_answer import render_answer, render_usage


def render(*parts: AnswerPart, **fields: object) -> dict:
    answer = Answer(**{"id": "resp_x", "model": "m", "parts": parts, **fields})  # pyright: ignore[reportArgumentType]
    return json.loads(render_answer(answer, created=5))


def test_texts_beside_each_other_are_one_message():
    body = render(Text(text="a"), Text(text="b"), stop_reason=StopReason.END_TURN)
    assert ("resp_x", "response", 5, "completed", "m") == tuple(
        body[name] for name in ("id", "object", "created_at", "status", "model")
    )
    (message,) = body["output"]
    assert {"id": "msg_x_0", "type": "message", "status": "completed", "role": "assistant"}.items() <= message.items()
    assert ["a", "b"] == [part["text"] for part in message["content"]]


def test_thoughts_and_calls_are_items_of_their_own():
    output = render(
        Thinking(text="hm", signature="sig"),
        RedactedThinking(data="d"),
        ToolCall(id="c", name="go", arguments=" "),
        Text(text="x"),
    )["output"]
    assert ["reasoning", "reasoning", "function_call", "message"] == [item["type"] for item in output]
    assert [{"type": "reasoning_text", "text": "hm"}] == output[0]["content"]
    assert ("headgate:signed:sig", "headgate:hidden:d") == (
        output[0]["encrypted_content"],
        output[1]["encrypted_content"],
    )
    assert ("c", "{}") == (output[2]["call_id"], output[2]["arguments"])


@pytest.mark.parametrize(
    ("reason", "missing"),
    [(StopReason.MAX_TOKENS, "max_output_tokens"), (StopReason.REFUSAL, "content_filter")],
)
def test_an_answer_that_was_cut_says_what_is_missing(reason: StopReason, missing: str):
    body = render(Text(text="a"), stop_reason=reason)
    assert ("incomplete", {"reason": missing}) == (body["status"], body["incomplete_details"])
    assert "incomplete" == body["output"][0]["status"]


def test_an_answer_without_a_name_gets_one():
    assert "resp_5" == render(id="")["id"]


def test_parts_of_the_usage_lie_inside_their_wholes():
    usage = usage_of(input=5, cache_read=3, cache_write_1h=2, output=7, output_reasoning=1, web_search=4)
    assert {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 2},
        "output_tokens": 8,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 18,
        "server_tool_use": {"web_search_requests": 4},
    } == render_usage(usage)
    assert render()["usage"] is None


def test_a_fragment_is_no_answer():
    with pytest.raises(UntranslatableError, match=r"answer: is a fragment: broke"):
        render(failure="broke")
