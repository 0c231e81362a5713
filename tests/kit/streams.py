"""A streamed answer through the exchange, in pieces of any size."""

import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from headgate.domain.formats import Format
from headgate.domain.ids import DeploymentId
from headgate.pipeline.doors import CHAT, MESSAGES, RESPONSES, STREAM_GENERATE_CONTENT, Door
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.intake import read_intake
from headgate.providers.provider import Provider
from headgate.providers.table import PROVIDERS
from headgate.providers.variants import variant
from headgate.routing.target import Target
from headgate.translate.codec import Reading, UntranslatableError
from tests.kit import natives

DOORS = {
    Format.OPENAI_CHAT: CHAT,
    Format.ANTHROPIC_MESSAGES: MESSAGES,
    Format.OPENAI_RESPONSES: RESPONSES,
    Format.GEMINI: STREAM_GENERATE_CONTENT,
}
SPEAKERS = {
    Format.OPENAI_CHAT: variant(PROVIDERS["openai"], format_=Format.OPENAI_CHAT),
    Format.OPENAI_RESPONSES: variant(PROVIDERS["openai"], format_=Format.OPENAI_RESPONSES),
    Format.ANTHROPIC_MESSAGES: PROVIDERS["anthropic"],
    Format.GEMINI: msgspec.structs.replace(
        PROVIDERS["gemini"], paths={Format.GEMINI: PROVIDERS["gemini"].paths[Format.GEMINI]}
    ),
    **natives.SPEAKERS,
}
"""An operator of each format that speaks only this one, so that the other door is translated."""


class Passage(NamedTuple):
    """What came of a stream."""

    given: bytes | None
    """Everything that the client received; None when it could not be said in the client's format."""
    reading: Reading | None
    error: str | None


def exchange(door: Door, provider: Provider, *, usage_asked: bool = True, as_array: bool = False) -> Exchange:
    document: dict[str, Any] = {
        "model": "some-model",
        "max_tokens": 100,
        "stream": True,
        "messages": [{"role": "user", "content": "Hello"}],
        "stream_options": {"include_usage": usage_asked},
    }
    if door is not CHAT:
        del document["stream_options"]
    if door is RESPONSES:
        document |= {"input": document.pop("messages"), "max_output_tokens": document.pop("max_tokens")}
    path, query = door.path, ""
    if door is STREAM_GENERATE_CONTENT:
        document = {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}
        path, query = path.replace("{model}", "some-model"), "" if as_array else "alt=sse"
    body = json.dumps(document).encode()
    target = Target(
        deployment_id=DeploymentId("d"),
        provider=provider,
        base_url="http://upstream",
        credential=None,
        model="some-model",
    )
    return Exchange(door, read_intake(door, body, path=path, query=query), target, max_output=None, created=1)


def passage(
    chunks: Iterable[bytes], door: Door, provider: Provider, *, usage_asked: bool = True, as_array: bool = False
) -> Passage:
    """Feed a stream to a fresh exchange and gather what it says."""
    fresh = exchange(door, provider, usage_asked=usage_asked, as_array=as_array)
    try:
        given = b"".join([*(fresh.feed(chunk) for chunk in chunks), fresh.finish()])
    except UntranslatableError as error:
        # How far it came by then depends on the cuts; that it fails, and why, does not.
        return Passage(None, None, str(error))
    return Passage(given, fresh.reading, None)


def cut(stream: bytes, places: Iterable[int]) -> list[bytes]:
    """The stream in pieces; a place twice makes an empty piece, which must not matter either."""
    edges = [0, *sorted(place for place in places if 0 <= place <= len(stream)), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]
