import json

import pytest

from headgate.domain.conversation import Answer, RedactedThinking, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import usage_of
from headgate.translate.codec import UntranslatableError
from headgate.translate.openai_chat.render_answer import render_answer, render_usage
from headgate.translate.usage import openai_chat_usage


def message(*parts: object) -> dict:
    body = json.loads(render_answer(Answer(parts=parts, stop_reason=StopReason.END_TURN), created=5))
    return body["choices"][0]["message"]


def test_the_head_is_written_and_unknown_usage_is_left_out():
    body = json.loads(render_answer(Answer(model="m", stop_reason=StopReason.MAX_TOKENS), created=5))
    assert ("chatcmpl-5", "chat.completion", 5, "m") == (body["id"], body["object"], body["created"], body["model"])
    assert "length" == body["choices"][0]["finish_reason"]
    assert "usage" not in body


def test_text_is_joined():
    assert {"role": "assistant", "content": "ab", "refusal": None} == message(Text(text="a"), Text(text="b"))


def test_an_empty_answer_is_an_empty_text():
    assert "" == message()["content"]


def test_calls_alone_have_no_content():
    rendered = message(ToolCall(id="c", name="f", arguments=""))
    assert rendered["content"] is None
    assert [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}] == rendered["tool_calls"]


def test_thinking_stands_beside_the_text():
    assert "hm" == message(Thinking(text="hm"), Text(text="x"))["reasoning_content"]
    assert "reasoning_details" not in message(Thinking(text="hm"))


def test_signatures_and_what_is_hidden_stand_in_the_details():
    rendered = message(Thinking(text="a", signature="s"), RedactedThinking(data="d"), Thinking(text="b"))
    assert "ab" == rendered["reasoning_content"]
    assert [
        {"type": "reasoning.text", "text": "a", "signature": "s", "index": 0},
        {"type": "reasoning.encrypted", "data": "d", "index": 1},
        {"type": "reasoning.text", "text": "b", "signature": None, "index": 2},
    ] == rendered["reasoning_details"]


@pytest.mark.parametrize(
    "usage",
    [
        usage_of(input=1, output=2),
        usage_of(input=1, cache_read=20, cache_write=300, output=2, output_reasoning=40),
        usage_of(input=1, input_audio=2, input_image=3, cache_read=4, cache_read_audio=5, output=6, output_audio=7),
        usage_of(input=1, cache_read_image=4, output_image=6, web_search=2),
    ],
)
def test_usage_is_read_back_as_it_was(usage):
    assert usage == openai_chat_usage(render_usage(usage), frozenset())


def test_totals_are_sums():
    rendered = render_usage(usage_of(input=1, cache_read=2, cache_write_1h=4, output=8, output_reasoning=16))
    assert (7, 24, 31) == (rendered["prompt_tokens"], rendered["completion_tokens"], rendered["total_tokens"])


def test_a_fragment_is_not_rendered_as_a_whole_answer():
    with pytest.raises(UntranslatableError, match="overloaded"):
        render_answer(Answer(failure="overloaded"), created=5)
