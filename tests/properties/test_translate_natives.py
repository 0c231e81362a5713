"""Formats that are only spoken to providers: whatever an answer says, it is read whole, streamed and in any cut."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.domain.conversation import Answer, Text, Thinking, ToolCall
from headgate.domain.fold import fold
from headgate.domain.formats import Format
from headgate.domain.usage import Usage
from headgate.providers.table import PROVIDERS
from headgate.translate.codec import Reading
from headgate.translate.ending import follower_for
from headgate.translate.meter import meter_for
from headgate.translate.registry import provider_codec_for
from tests.kit.natives import NATIVES, written
from tests.kit.streams import DOORS, SPEAKERS, cut, passage
from tests.kit.translation import streams

FEW = settings(max_examples=50, deadline=None)
ANSWERS = streams().map(fold)
PLACES = st.lists(st.integers(0, 5_000), max_size=12)


def parse(format_: Format, chunks: list[bytes]) -> Answer:
    parser = provider_codec_for(format_).answer_parser()
    return fold([*(delta for chunk in chunks for delta in parser.feed(chunk)), *parser.finish()])


def said(answer: Answer, format_: Format) -> tuple:
    only_text = format_ is Format.TGI_GENERATE
    thoughts = [part.text for part in answer.parts if isinstance(part, Thinking)]
    calls = [(p.id, p.name, json.loads(p.arguments or "{}")) for p in answer.parts if isinstance(p, ToolCall)]
    return (
        "".join(part.text for part in answer.parts if isinstance(part, Text)),
        "" if only_text else "".join(thoughts),
        [] if only_text else calls,
    )


def totals(usage: Usage | None) -> tuple[int, int] | None:
    return None if usage is None else (usage.prompt_tokens, usage.completion_tokens)


def metered(format_: Format, chunks: list[bytes]) -> tuple[bytes, Reading]:
    meter = meter_for(format_, PROVIDERS["openai"])
    return b"".join([*(meter.feed(chunk) for chunk in chunks), meter.finish()]), meter.reading


@pytest.mark.parametrize("format_", NATIVES)
@FEW
@given(answer=ANSWERS)
def test_the_answer_that_is_not_streamed_equals_the_fold_of_the_streamed_one(format_, answer):
    spoken = written(format_, answer)
    whole, streamed = provider_codec_for(format_).parse_answer(spoken.body), parse(format_, [spoken.stream])
    assert said(answer, format_) == said(whole, format_) == said(streamed, format_)
    assert whole.stop_reason == streamed.stop_reason
    assert whole.usage == streamed.usage or format_ is Format.TGI_GENERATE
    assert (whole.id, whole.model) == (streamed.id, streamed.model)


@pytest.mark.parametrize("format_", NATIVES)
@FEW
@given(answer=ANSWERS, places=PLACES)
def test_cutting_the_bytes_anywhere_changes_nothing(format_, answer, places):
    stream = written(format_, answer).stream
    pieces = cut(stream, places)
    assert parse(format_, [stream]) == parse(format_, pieces)
    assert parse(format_, [stream]) == parse(format_, cut(stream, range(len(stream))))
    assert metered(format_, [stream]) == metered(format_, pieces)
    assert stream == metered(format_, pieces)[0]


@pytest.mark.parametrize("client", DOORS)
@pytest.mark.parametrize("format_", NATIVES)
@settings(max_examples=25, deadline=None)
@given(answer=ANSWERS, places=PLACES, usage_asked=st.booleans(), ends_early=st.integers(0, 200))
def test_cuts_change_nothing_for_the_client_either(format_, client, answer, places, usage_asked, ends_early):
    stream = written(format_, answer).stream
    stream = stream[: len(stream) - ends_early]
    door, provider = DOORS[client], SPEAKERS[format_]
    expected = passage([stream], door, provider, usage_asked=usage_asked)
    assert expected == passage(cut(stream, places), door, provider, usage_asked=usage_asked)


@pytest.mark.parametrize("format_", NATIVES)
@FEW
@given(answer=ANSWERS, lost=st.integers(1, 400))
def test_a_stream_that_breaks_off_is_never_taken_for_a_whole_answer(format_, answer, lost):
    stream = written(format_, answer).stream
    broken = parse(format_, [stream[: max(len(stream) - lost, 0)]])
    reading = metered(format_, [stream[: max(len(stream) - lost, 0)]])[1]
    assert (broken.failure is None) == (broken.stop_reason is not None) == reading.complete
    # The bill of a Converse stream comes behind the end of its answer: without it the answer is whole, but not paid.
    unpaid = format_ is Format.BEDROCK_CONVERSE and broken.usage is None
    assert (lost <= 2) or broken.failure is not None or unpaid


@pytest.mark.parametrize("format_", NATIVES)
@FEW
@given(answer=ANSWERS, places=PLACES)
def test_what_is_counted_as_it_passes_does_not_depend_on_the_cuts_and_is_no_less_than_what_was_said(
    format_, answer, places
):
    stream = written(format_, answer).stream
    whole, pieces = follower_for(format_), follower_for(format_)
    counted = whole.feed(stream)
    assert counted == sum(pieces.feed(piece) for piece in cut(stream, places))
    assert whole.over
    assert pieces.over
    text, thoughts, calls = said(parse(format_, [stream]), format_)
    if format_ is Format.TGI_GENERATE:
        assert counted == stream.count(b'"token":{')
    else:
        arguments = sum(
            len(part.arguments.encode()) for part in parse(format_, [stream]).parts if hasattr(part, "arguments")
        )
        assert counted >= len((text + thoughts).encode()) + arguments + sum(len(name) for _, name, _ in calls)


@pytest.mark.parametrize("format_", NATIVES)
@FEW
@given(answer=ANSWERS)
def test_what_is_metered_is_what_the_provider_counted(format_, answer):
    spoken = written(format_, answer)
    meter = meter_for(format_, PROVIDERS["openai"])
    meter.read_body(spoken.body)
    expected = totals(answer.usage)
    if expected is not None and (not expected[0] or (format_ is Format.TGI_GENERATE and expected[0] == 1)):
        counts_all = format_ in {Format.BEDROCK_CONVERSE, Format.COHERE_CHAT}
        expected = expected if counts_all and sum(expected) else None
    assert expected == totals(meter.reading.usage)
    assert meter.reading.complete
    streamed = metered(format_, [spoken.stream])[1]
    assert streamed.complete
    assert streamed.ended
    if format_ is not Format.TGI_GENERATE:
        assert meter.reading.usage == streamed.usage
