"""Whatever is said in whatever order, what goes out is a legal stream that says the same."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.domain.conversation import Answer, RedactedThinking, Text, Thinking, ToolCall
from headgate.domain.fold import fold
from headgate.domain.formats import Format
from headgate.translate.registry import codec_for
from tests.kit.translation import ANY_DELTA, OpenAiJudge, judge_anthropic, judge_gemini, judge_responses, streams

ENDS = (b'finish_reason":"', b'stop_reason":"', b'finishReason":"', b"response.completed", b"response.incomplete")
FEW = settings(max_examples=50, deadline=None)
FORMATS = (Format.OPENAI_CHAT, Format.ANTHROPIC_MESSAGES, Format.GEMINI, Format.OPENAI_RESPONSES)
ORDERED = {
    Format.ANTHROPIC_MESSAGES: judge_anthropic,
    Format.GEMINI: judge_gemini,
    Format.OPENAI_RESPONSES: judge_responses,
}
"""Formats whose streams have one order, whatever the client asked."""


def render(format_: Format, deltas, *, include_usage: bool = True) -> bytes:
    renderer = codec_for(format_).answer_renderer(created=1, include_usage=include_usage)
    return b"".join(renderer.feed(delta) for delta in deltas) + renderer.finish()


def parse(format_: Format, chunks: list[bytes]) -> Answer:
    parser = codec_for(format_).answer_parser()
    return fold([*(delta for chunk in chunks for delta in parser.feed(chunk)), *parser.finish()])


def total(answer: Answer) -> tuple[int, int] | None:
    return answer.usage and (answer.usage.prompt_tokens, answer.usage.completion_tokens)


def said(answer: Answer) -> tuple:
    return (
        "".join(part.text for part in answer.parts if isinstance(part, Text)),
        "".join(part.text for part in answer.parts if isinstance(part, Thinking)),
        [part.data for part in answer.parts if isinstance(part, RedactedThinking)],
        [(p.id, p.name, json.loads(p.arguments or "{}")) for p in answer.parts if isinstance(p, ToolCall)],
        answer.id,
        answer.model,
    )


@pytest.mark.parametrize("format_", ORDERED)
@FEW
@given(deltas=st.lists(ANY_DELTA, max_size=12))
def test_events_are_in_legal_order_whatever_comes(format_, deltas):
    ORDERED[format_](render(format_, deltas))


@FEW
@given(deltas=st.lists(ANY_DELTA, max_size=12), include_usage=st.booleans())
def test_openai_chunks_are_in_legal_order_whatever_comes(deltas, include_usage):
    OpenAiJudge(wants_usage=include_usage).judge(render(Format.OPENAI_CHAT, deltas, include_usage=include_usage))


@FEW
@given(deltas=streams(), kept=st.integers(0, 30))
def test_an_answer_that_is_cut_anywhere_still_ends_legally(deltas, kept):
    for format_, judge in ORDERED.items():
        judge(render(format_, deltas[:kept]))
    OpenAiJudge(wants_usage=True).judge(render(Format.OPENAI_CHAT, deltas[:kept]))


@pytest.mark.parametrize("format_", [Format.ANTHROPIC_MESSAGES, Format.OPENAI_RESPONSES])
@FEW
@given(deltas=streams())
def test_every_part_keeps_its_place(format_, deltas):
    def parts(answer: Answer) -> list:
        return [
            (part.id, part.name, json.loads(part.arguments or "{}")) if isinstance(part, ToolCall) else part
            for part in answer.parts
        ]

    before = fold(deltas)
    after = parse(format_, [render(format_, deltas)])
    assert parts(before) == parts(after)
    if format_ is Format.OPENAI_RESPONSES:
        # Cache writes of an hour are not told apart, and what holds calls needs no word for it.
        assert total(before) == total(after)
    else:
        assert (before.usage, before.stop_reason) == (after.usage, after.stop_reason)


@FEW
@given(deltas=streams())
def test_openai_chunks_say_the_same(deltas):
    before = fold(deltas)
    after = parse(Format.OPENAI_CHAT, [render(Format.OPENAI_CHAT, deltas)])
    assert said(before) == said(after)
    assert before.usage == after.usage


@FEW
@given(deltas=streams())
def test_gemini_events_say_the_same(deltas):
    before = fold(deltas)
    after = parse(Format.GEMINI, [render(Format.GEMINI, deltas)])
    assert said(before) == said(after)
    assert [p.signature for p in before.parts if isinstance(p, Thinking) and p.signature] == [
        p.signature for p in after.parts if isinstance(p, Thinking) and p.signature
    ]
    if before.usage is not None:
        assert (before.usage.prompt_tokens, before.usage.completion_tokens) == (
            after.usage.prompt_tokens,
            after.usage.completion_tokens,
        )


@pytest.mark.parametrize("format_", FORMATS)
@FEW
@given(deltas=streams())
def test_the_answer_that_is_not_streamed_equals_the_fold_of_the_streamed_one(format_, deltas):
    codec = codec_for(format_)
    whole = codec.parse_answer(codec.render_answer(fold(deltas), created=1))
    streamed = parse(format_, [render(format_, deltas)])
    assert said(whole) == said(streamed)
    assert whole.stop_reason == streamed.stop_reason
    assert whole.usage == streamed.usage


@pytest.mark.parametrize("format_", FORMATS)
@FEW
@given(deltas=streams(), cuts=st.lists(st.integers(0, 5000), max_size=20))
def test_cutting_the_bytes_anywhere_changes_nothing(format_, deltas, cuts):
    stream = render(format_, deltas)
    places = sorted({cut % (len(stream) + 1) for cut in cuts} | {0, len(stream)})
    chunks = [stream[a:b] for a, b in pairwise(places)]
    assert parse(format_, [stream]) == parse(format_, chunks)


@pytest.mark.parametrize("format_", FORMATS)
@FEW
@given(deltas=streams())
def test_bytes_may_come_one_by_one(format_, deltas):
    stream = render(format_, deltas)
    assert parse(format_, [stream]) == parse(format_, [stream[i : i + 1] for i in range(len(stream))])


@pytest.mark.parametrize("format_", FORMATS)
@FEW
@given(deltas=streams(), lost=st.integers(1, 400))
def test_a_stream_that_breaks_off_is_never_taken_for_a_whole_answer(format_, deltas, lost):
    stream = render(format_, deltas)
    cut = stream[: max(len(stream) - lost, 0)]
    answer = parse(format_, [cut])
    assert answer.failure is not None or answer.stop_reason is not None
    if not any(reason in cut for reason in ENDS):
        assert answer.failure is not None
