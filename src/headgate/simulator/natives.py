"""Chat formats that only providers speak, one value each: how a request is read and an answer written."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from headgate.simulator.answer import Choice
from headgate.simulator.ask import Ask
from headgate.simulator.cohere_chat import render_cohere, render_cohere_error, script_cohere
from headgate.simulator.cohere_reading import read_cohere
from headgate.simulator.knobs import Knobs
from headgate.simulator.ollama_chat import render_ollama, render_ollama_error, script_ollama
from headgate.simulator.ollama_reading import read_ollama
from headgate.simulator.prices import Counts
from headgate.simulator.refusals import Refusal
from headgate.simulator.script import Script
from headgate.simulator.tgi_generate import render_tgi, render_tgi_error, script_tgi
from headgate.simulator.tgi_reading import read_tgi

EVENTS = b"text/event-stream"
LINES = b"application/x-ndjson"
FREE_MODEL = "open"
"""What a server of one model serves where nobody says which."""


class Spoken(NamedTuple):
    """One answer, before it is written."""

    ask: Ask
    choice: Choice
    counts: Counts
    unique: str
    """Hexadecimal digits that no other answer has."""
    created: int
    """Epoch seconds."""


class Native(NamedTuple):
    """One format. None of them tells of cached tokens: all that is read is billed as read fresh."""

    read: Callable[[bytes, bytes | None, Knobs], Ask]
    render: Callable[[Spoken], bytes]
    script: Callable[[Spoken], Script]
    refuse: Callable[[Refusal, str], bytes]
    """Takes the digits for an id."""
    stream_type: bytes


_COHERE = Native(
    read=read_cohere,
    render=lambda said: render_cohere(said.ask, said.choice, said.counts, unique=said.unique),
    script=lambda said: script_cohere(said.ask, said.choice, said.counts, unique=said.unique),
    refuse=render_cohere_error,
    stream_type=EVENTS,
)
_OLLAMA = Native(
    read=read_ollama,
    render=lambda said: render_ollama(said.ask, said.choice, said.counts, unique=said.unique, created=said.created),
    script=lambda said: script_ollama(said.ask, said.choice, said.counts, unique=said.unique, created=said.created),
    refuse=lambda refusal, _: render_ollama_error(refusal),
    stream_type=LINES,
)


def find_native(path: str) -> Native | None:
    """The format that is spoken at a path; None for those that have a door too."""
    match path.split("/"):
        case ["", "v2", "chat"]:
            return _COHERE
        case ["", "api", "chat"]:
            return _OLLAMA
        case ["", "generate" | "generate_stream" as how]:
            return _tgi(FREE_MODEL, stream=how == "generate_stream")
        case ["", "tgi", model, "generate" | "generate_stream" as how]:
            return _tgi(model, stream=how == "generate_stream")
        case _:
            return None


def _tgi(model: str, *, stream: bool) -> Native:
    return Native(
        read=partial(read_tgi, model_name=model, stream=stream),
        render=lambda said: render_tgi(said.ask, said.choice, said.counts),
        script=lambda said: script_tgi(said.ask, said.choice, said.counts),
        refuse=lambda refusal, _: render_tgi_error(refusal),
        stream_type=EVENTS,
    )
