"""Chat formats that only providers speak, one value each: how a request is read and an answer written."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple
from uuid import UUID

from headgate.simulator.answer import Choice
from headgate.simulator.ask import Ask
from headgate.simulator.bedrock_converse import error_type, render_converse, render_converse_error, script_converse
from headgate.simulator.bedrock_reading import read_converse
from headgate.simulator.cohere_chat import render_cohere, render_cohere_error, script_cohere
from headgate.simulator.cohere_reading import read_cohere
from headgate.simulator.knobs import Knobs
from headgate.simulator.ollama_chat import render_ollama, render_ollama_error, script_ollama
from headgate.simulator.ollama_reading import read_ollama
from headgate.simulator.prices import Counts
from headgate.simulator.refusals import Refusal
from headgate.simulator.script import Script
from headgate.simulator.signatures import find_fault, is_signed
from headgate.simulator.tgi_generate import render_tgi, render_tgi_error, script_tgi
from headgate.simulator.tgi_reading import read_tgi

EVENTS = b"text/event-stream"
LINES = b"application/x-ndjson"
FRAMES = b"application/vnd.amazon.eventstream"
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
    """One format."""

    read: Callable[[bytes, bytes | None, Knobs], Ask]
    render: Callable[[Spoken], bytes]
    script: Callable[[Spoken], Script]
    refuse: Callable[[Refusal, str], bytes]
    """Takes the digits for an id."""
    stream_type: bytes
    caches: bool = False
    """It tells of cached tokens; those that do not have all that is read billed as read fresh."""
    headers: Callable[[str], list[tuple[bytes, bytes]]] | None = None
    """Of every answer, from the digits for an id; None: those of OpenAI's formats."""
    error_headers: Callable[[Refusal], list[tuple[bytes, bytes]]] = lambda _: []
    find_fault: Callable[[str, Mapping[str, str], bytes], str | None] = lambda *_: None
    """What is wrong with how a request is signed: its target, its headers, its body."""


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
        case ["", "model", *model, "converse" | "converse-stream" as how] if model:
            return _converse("/".join(model), stream=how == "converse-stream")
        case ["", "generate" | "generate_stream" as how]:
            return _tgi(FREE_MODEL, stream=how == "generate_stream")
        case ["", "tgi", model, "generate" | "generate_stream" as how]:
            return _tgi(model, stream=how == "generate_stream")
        case _:
            return None


def _converse(model: str, *, stream: bool) -> Native:
    return Native(
        read=partial(read_converse, model_name=model, stream=stream),
        render=lambda said: render_converse(said.ask, said.choice, said.counts, unique=said.unique),
        script=lambda said: script_converse(said.ask, said.choice, said.counts, unique=said.unique),
        refuse=lambda refusal, _: render_converse_error(refusal),
        stream_type=FRAMES,
        caches=True,
        headers=lambda unique: [(b"x-amzn-requestid", str(UUID(unique)).encode())],
        error_headers=lambda refusal: [(b"x-amzn-errortype", error_type(refusal.status).encode())],
        find_fault=_fault_of_signature,
    )


def _fault_of_signature(target: str, headers: Mapping[str, str], body: bytes) -> str | None:
    """A signature must be right where there is one; nobody has to sign."""
    return find_fault("POST", target, headers, body) if is_signed(headers) else None


def _tgi(model: str, *, stream: bool) -> Native:
    return Native(
        read=partial(read_tgi, model_name=model, stream=stream),
        render=lambda said: render_tgi(said.ask, said.choice, said.counts),
        script=lambda said: script_tgi(said.ask, said.choice, said.counts),
        refuse=lambda refusal, _: render_tgi_error(refusal),
        stream_type=EVENTS,
    )
