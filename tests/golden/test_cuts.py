"""Streams that were cut, byte by byte: `cut_<case>.<format>.sse` is what a client of that format receives."""

from pathlib import Path

import pytest

from headgate.domain.conversation import (
    Delta,
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
)
from headgate.domain.formats import Format
from headgate.domain.usage import usage_of
from headgate.pipeline.cut import PaidStream
from headgate.translate.registry import codec_for
from headgate.wire.sse import EventSplitter
from tests.kit.streams import DOORS, SPEAKERS, exchange

FOLDER = Path(__file__).parent
PROMPT = usage_of(input=20)
HEAD = Started(id="answer_1", model="some-model", usage=PROMPT)
REST = [TextDelta(text=" and more"), Finished(stop_reason=StopReason.END_TURN)]
THOUGHT: list[Delta] = [ThinkingDelta(text="Two cities. "), ThinkingDelta(text="First Zürich.")]
CALL: list[Delta] = [
    ToolCallStarted(key=0, id="call_1", name="look_up"),
    ToolCallDelta(key=0, arguments='{"city": "Zür'),
]

CASES: dict[str, list[Delta]] = {
    "before_content": [HEAD],
    "text": [HEAD, TextDelta(text="Grüezi"), TextDelta(text=" mitenand")],
    "thinking": [HEAD, *THOUGHT],
    "signed_thinking": [HEAD, *THOUGHT, SignatureDelta(signature="c2ln"), PartEnded()],
    "redacted_thinking": [HEAD, RedactedThinkingArrived(data="ZGF0YQ=="), TextDelta(text="Zürich")],
    "tool_call": [HEAD, TextDelta(text="I look it up."), *CALL],
    "second_tool_call": [HEAD, *CALL, ToolCallDelta(key=0, arguments='ich"}'), PartEnded(key=0),
                         ToolCallStarted(key=1, id="call_2", name="look_up")],
}  # fmt: skip
"""What the model said by the cut."""


async def cut(case: str, client: Format) -> bytes:
    """Asks for money only once everything of the case has passed, and gets none."""
    renderer = codec_for(Format.ANTHROPIC_MESSAGES).answer_renderer(created=1, include_usage=True)
    said = b"".join(renderer.feed(delta) for delta in CASES[case])
    rest = b"".join(renderer.feed(delta) for delta in REST) + renderer.finish()

    async def nothing(tokens: int) -> int:
        return 0

    door, provider = DOORS[client], SPEAKERS[Format.ANTHROPIC_MESSAGES]
    paid = PaidStream(exchange(door, provider), paid=10**6, most=10**7, more=nothing, prompt=PROMPT)
    given = b"".join([await paid.feed(event) for event in EventSplitter().feed(said)[:-1]])
    paid.paid = 0
    given += await paid.feed(EventSplitter().feed(said)[-1])
    assert paid.is_cut
    return given + await paid.feed(rest) + paid.finish()


def test_there_is_a_file_for_each_case_and_each_format():
    expected = {f"cut_{case}.{format_}.sse" for case in CASES for format_ in DOORS}
    assert expected == {path.name for path in FOLDER.glob("cut_*.sse")}


@pytest.mark.parametrize("client", DOORS)
@pytest.mark.parametrize("case", CASES)
async def test_a_cut_stream_is_the_golden_file(case: str, client: Format):
    expected = (FOLDER / f"cut_{case}.{client}.sse").read_bytes()
    assert expected.decode() == (await cut(case, client)).decode()
