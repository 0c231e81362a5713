import json

import pytest

from headgate.domain.conversation import Answer, RedactedThinking, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import usage_of
from headgate.translate.anthropic_messages.render_answer import render_answer, render_usage
from headgate.translate.codec import UntranslatableError
from headgate.translate.usage import anthropic_usage


def render(**answer: object) -> dict:
    return json.loads(render_answer(Answer(**answer), created=5))


def test_the_head_is_written():
    body = render(model="m", stop_reason=StopReason.STOP_SEQUENCE, stop_sequence="END")
    assert ("msg_5", "message", "assistant", "m") == (body["id"], body["type"], body["role"], body["model"])
    assert ("stop_sequence", "END", []) == (body["stop_reason"], body["stop_sequence"], body["content"])


def test_the_format_insists_on_figures():
    usage = render()["usage"]
    assert (0, 0) == (usage["input_tokens"], usage["output_tokens"])
    assert anthropic_usage(usage) is None


def test_every_part_is_a_block_in_its_place():
    assert [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "thinking", "thinking": "h", "signature": ""},
        {"type": "redacted_thinking", "data": "d"},
        {"type": "text", "text": "x"},
        {"type": "tool_use", "id": "c", "name": "f", "input": {"x": 1}},
        {"type": "tool_use", "id": "d", "name": "g", "input": {}},
    ] == render(
        parts=(
            Thinking(text="hm", signature="s"),
            Thinking(text="h"),
            RedactedThinking(data="d"),
            Text(text="x"),
            ToolCall(id="c", name="f", arguments='{"x":1}'),
            ToolCall(id="d", name="g", arguments=""),
        )
    )["content"]


@pytest.mark.parametrize(
    "usage",
    [
        usage_of(input=1, output=2),
        usage_of(input=1, cache_read=20, cache_write=300, cache_write_1h=5, output=2, output_reasoning=40),
        usage_of(input=1, output=2, web_search=3),
    ],
)
def test_usage_is_read_back_as_it_was(usage):
    assert usage == anthropic_usage(render_usage(usage))


def test_what_the_format_does_not_tell_apart_is_summed():
    usage = usage_of(input=1, input_audio=2, input_image=4, cache_read_audio=8, output=16, output_audio=32)
    rendered = render_usage(usage)
    assert (7, 8, 48) == (rendered["input_tokens"], rendered["cache_read_input_tokens"], rendered["output_tokens"])


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (Answer(failure="overloaded"), "answer"),
        (Answer(parts=(Text(text="x"), ToolCall(id="c", name="f", arguments='{"x":'))), "content[1].input"),
    ],
)
def test_a_fragment_is_not_rendered_as_a_whole_answer(answer: Answer, field: str):
    with pytest.raises(UntranslatableError) as caught:
        render_answer(answer, created=5)
    assert field == caught.value.field
