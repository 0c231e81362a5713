"""Every recorded stream of a format that is translated, cut at random places: nothing changes."""

import random

import pytest

from headgate.domain.formats import Format
from headgate.pipeline.doors import Door
from headgate.providers.provider import Provider
from headgate.providers.table import PROVIDERS
from tests.kit.recorded_natives import NATIVE_FILES
from tests.kit.recordings import GEMINI_FILES, MESSAGES_FILES, chat_files, exchanges, needs_recordings, responses_files
from tests.kit.replay import scripted
from tests.kit.spoken import as_events, is_array
from tests.kit.streams import DOORS, SPEAKERS, Passage, cut, passage

pytestmark = needs_recordings
FILES = [(name, Format.OPENAI_CHAT) for name in chat_files()]
FILES += [(name, Format.ANTHROPIC_MESSAGES) for name in MESSAGES_FILES]
FILES += [(name, Format.OPENAI_RESPONSES) for name in responses_files()]
FILES += [(name, Format.GEMINI) for name in GEMINI_FILES]
FILES += [(name, format_) for format_, names in NATIVE_FILES.items() for name in names]
LARGE = 200_000
"""Bytes of a stream that is cut fewer times."""


def cuts_of(stream: bytes, seed: str) -> list[list[int]]:
    """Around the ends of a few events, where cuts matter most, and at random places, once all of them together."""
    dice = random.Random(seed)
    ends = [at for at in range(1, len(stream)) if stream[at - 1 : at + 1] in {b"\n\n", b"\n{", b"\r\n"}]
    chosen = dice.sample(ends, min(2, len(ends)))
    single = [[end + offset] for end in chosen for offset in (-1, 0, 1)]
    single += [[dice.randrange(len(stream))] for _ in range(1 if len(stream) > LARGE else 20)]
    return [*single, sorted(dice.randrange(len(stream)) for _ in range(40))]


@pytest.mark.parametrize(("name", "format_"), FILES, ids=[name for name, _ in FILES])
def test_recorded_streams_say_the_same_however_they_are_cut(name: str, format_: Format):
    for exchange in exchanges(name):
        recorded = scripted(exchange)
        if not recorded.streamed or not recorded.body:
            continue
        own = PROVIDERS.get(exchange["provider"], SPEAKERS[format_])
        own = own if format_ in own.paths else SPEAKERS[format_]
        if format_ in DOORS:
            given = unchanged_by_cuts(recorded.body, exchange["id"], DOORS[format_], own, as_array=is_array(exchange))
            assert recorded.body == given
        stream = scripted(as_events(exchange)).body
        for other in DOORS:
            if other is not format_:
                unchanged_by_cuts(stream, exchange["id"], DOORS[other], SPEAKERS[format_])


def unchanged_by_cuts(
    stream: bytes, exchange_id: str, door: Door, provider: Provider, *, as_array: bool = False
) -> bytes | None:
    expected: Passage = passage([stream], door, provider, as_array=as_array)
    for places in cuts_of(stream, exchange_id):
        found = passage(cut(stream, places), door, provider, as_array=as_array)
        assert expected == found, (exchange_id, door.path, places)
    return expected.given


def test_there_are_streams_to_cut():
    streamed = sum("response_sse" in exchange for name, _ in FILES for exchange in exchanges(name))
    assert streamed > 100
