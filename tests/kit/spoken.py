"""The formats that recorded exchanges are played through, one row each: how one is asked, recorded and read.

A new format is a row here: its recordings, a reader that knows nothing of the code under test, and what becomes of an
answer that is said in it. `tests/recordings` goes through all rows, and through all pairs of them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from headgate.domain.conversation import Conversation
from headgate.domain.formats import Format
from headgate.providers.table import PROVIDERS
from tests.kit.reading import Seen, read_chat, read_messages, read_responses
from tests.kit.reading_gemini import read_gemini
from tests.kit.recorded_natives import NATIVE_FILES, PLAIN, READERS, asked
from tests.kit.recordings import GEMINI_FILES, MESSAGES_FILES, chat_files, responses_files


class Reader(Protocol):
    """What a client of the format takes away from an answer."""

    def __call__(self, body: bytes, *, streamed: bool) -> Seen: ...


class Asked(NamedTuple):
    """A request at a front door."""

    path: str
    body: bytes


class Spoken(NamedTuple):
    """One format."""

    format: Format
    files: Sequence[str]
    """Of recordings."""
    read: Reader
    speaker: str
    """The operator that stands in for those whose recordings are of this format and that the table knows otherwise."""
    ask: Callable[[Mapping[str, Any], str, bool], Asked]
    """(request in this format, model as a client of the gateway names it, streamed) -> what is posted."""
    told: Callable[[Seen], Seen] = lambda seen: seen
    """What a client of this format can be told of an answer that was made in another."""
    stand_ins: Mapping[str, str] = {}
    """Operators that are no door's neighbour yet: their recorded bodies are of the same format as this one's."""
    plain: Mapping[str, Any] = {}
    """A request that fits an answer whose own was not kept."""
    left_out: frozenset[str] = frozenset()
    """Fields of recorded requests that the operator's own address says."""
    flagged: bool = True
    """Whether a stream is asked for by `stream` in the body."""
    asks_for_usage: bool = False
    """Whether the usage of a stream has to be asked for."""

    conversation: Callable[[Mapping[str, Any]], Conversation] | None = None
    """How a request of a format without a door is read; None: by its codec."""

    @property
    def name(self) -> str:
        return self.format.value

    def provider_of(self, exchange: Mapping[str, Any]) -> str:
        """The operator of the table that plays an exchange."""
        name: str = self.stand_ins.get(exchange["provider"], exchange["provider"])
        known = PROVIDERS.get(name)
        return name if known is not None and self.format in known.paths else self.speaker

    def request_of(self, exchange: Mapping[str, Any]) -> dict[str, Any]:
        """The recorded request, or where only the answer was kept, a plain one that fits it."""
        given = exchange["request"]
        request = {field: value for field, value in (given or self.plain).items() if field not in self.left_out}
        streamed = is_streamed(exchange)
        if self.flagged and (streamed or request.get("stream")):
            request["stream"] = streamed
        if self.asks_for_usage and streamed and given is None:
            request["stream_options"] = {"include_usage": True}
        return request | {"model": _model_of(exchange, request)}

    def asked_as_it_was(self, exchange: Mapping[str, Any], model: str) -> Asked:
        """The recorded request at the door of its own format."""
        asked = self.ask(self.request_of(exchange), model, is_streamed(exchange))
        return asked._replace(path=asked.path.partition("?")[0]) if is_array(exchange) else asked


def is_streamed(exchange: Mapping[str, Any]) -> bool:
    streams = {"response_sse", "response_ndjson", "response_events"}
    return not exchange.keys().isdisjoint(streams) or is_array(exchange)


def is_array(exchange: Mapping[str, Any]) -> bool:
    """Whether the answer was streamed as the elements of one array."""
    return exchange["url_path"].endswith(":streamGenerateContent") and isinstance(exchange.get("response"), list)


def as_events(exchange: Mapping[str, Any]) -> Mapping[str, Any]:
    """An exchange as it would have been recorded had events been asked for: whoever translates asks for them."""
    if not is_array(exchange):
        return exchange
    stream = "".join(f"data: {dumped(document).decode()}\n\n" for document in exchange["response"])
    return {name: value for name, value in exchange.items() if name != "response"} | {"response_sse": stream}


def _model_of(exchange: Mapping[str, Any], request: Mapping[str, Any]) -> str:
    model = request.get("model") or exchange.get("model")
    if not model and isinstance(exchange.get("response"), dict):
        model = exchange["response"].get("model")
    return model or "unnamed"


def dumped(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def posted_to(path: str) -> Callable[[Mapping[str, Any], str, bool], Asked]:
    """Formats whose body names the model and says whether the answer is streamed."""

    def ask(request: Mapping[str, Any], model: str, streamed: bool) -> Asked:
        _ = streamed
        return Asked(path, dumped({**request, "model": model}))

    return ask


def told_by_chat(seen: Seen) -> Seen:
    """Counts of nothing at all are unknown, and left out."""
    if seen.prompt_tokens or seen.completion_tokens:
        return seen
    return seen._replace(prompt_tokens=None, completion_tokens=None)


def told_by_messages(seen: Seen) -> Seen:
    """Anthropic's format has no absent count, and names what a message holds."""
    tools = [(name, {} if given is None else given) for name, given in seen.tools]
    stop = seen.stop or "stop"
    if stop == "stop":
        stop = "tool_calls" if tools else "content_filter" if seen.refused else "stop"
    return Seen(seen.text, tools, stop, seen.prompt_tokens or 0, seen.completion_tokens or 0, refused=seen.refused)


def told_by_responses(seen: Seen) -> Seen:
    """This format says of an answer with calls, or with a refusal, only that it is complete: what it holds tells."""
    stop = seen.stop or "stop"
    if stop in {"stop", "tool_calls"}:
        stop = "tool_calls" if seen.tools else "content_filter" if seen.refused else "stop"
    tools = [(name, {} if given is None else given) for name, given in seen.tools]
    return told_by_chat(seen._replace(stop=stop, tools=tools))


def posted_by_path(request: Mapping[str, Any], model: str, streamed: bool) -> Asked:
    """Gemini's format: model and stream stand in the path."""
    action = "streamGenerateContent?alt=sse" if streamed else "generateContent"
    body = {name: value for name, value in request.items() if name != "model"}
    return Asked(f"/v1beta/models/{model}:{action}", dumped(body))


def told_by_gemini(seen: Seen) -> Seen:
    """Gemini's format has no call whose arguments are no object, and names what an answer holds."""
    tools = [(name, {} if given is None else given) for name, given in seen.tools]
    whole = [(name, given) for name, given in tools if isinstance(given, dict)]
    stop = seen.stop or "stop"
    if stop in {"stop", "tool_calls"}:
        stop = "tool_calls" if whole else "failed" if tools else "content_filter" if seen.refused else "stop"
    return told_by_chat(seen._replace(tools=whole, stop=stop))


_HELLO = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 64}

CHAT = Spoken(
    format=Format.OPENAI_CHAT,
    files=chat_files(),
    read=read_chat,
    speaker="openai",
    stand_ins={"bedrock": "bedrock_openai", "bedrock_mantle": "bedrock_openai"},
    ask=posted_to("/v1/chat/completions"),
    told=told_by_chat,
    plain=_HELLO,
    asks_for_usage=True,
)
MESSAGES = Spoken(
    format=Format.ANTHROPIC_MESSAGES,
    files=MESSAGES_FILES,
    read=read_messages,
    speaker="anthropic",
    ask=posted_to("/v1/messages"),
    told=told_by_messages,
    plain=_HELLO,
    # Google's tokens come from Google alone: nobody signs for Vertex here, and Anthropic says the same.
    stand_ins={"vertex_anthropic": "anthropic"},
    left_out=frozenset({"anthropic_version"}),
)
RESPONSES = Spoken(
    format=Format.OPENAI_RESPONSES,
    files=responses_files(),
    read=read_responses,
    speaker="openai",
    ask=posted_to("/v1/responses"),
    told=told_by_responses,
    plain={"input": "Hello", "max_output_tokens": 64},
)

GEMINI = Spoken(
    format=Format.GEMINI,
    files=GEMINI_FILES,
    read=read_gemini,
    speaker="gemini",
    # Vertex asks for a token of Google's own before it is asked anything.
    stand_ins={"vertex": "gemini"},
    ask=posted_by_path,
    told=told_by_gemini,
    plain={"contents": [{"role": "user", "parts": [{"text": "Hello"}]}], "generationConfig": {"maxOutputTokens": 64}},
    flagged=False,
)

SPOKEN = {row.format: row for row in (CHAT, MESSAGES, RESPONSES, GEMINI)}


def _provider_only(format_: Format, speaker: str) -> Spoken:
    def ask(request: Mapping[str, Any], model: str, streamed: bool) -> Asked:
        message = f"nobody asks for {model} in {format_}: {request}, {streamed}"
        raise AssertionError(message)

    return Spoken(
        format=format_,
        files=NATIVE_FILES[format_],
        read=READERS[format_],
        speaker=speaker,
        ask=ask,
        plain=PLAIN[format_],
        conversation=lambda request: asked(format_, request),
    )


PROVIDER_ONLY = {
    Format.BEDROCK_CONVERSE: _provider_only(Format.BEDROCK_CONVERSE, "bedrock"),
    Format.COHERE_CHAT: _provider_only(Format.COHERE_CHAT, "cohere"),
    Format.OLLAMA_CHAT: _provider_only(Format.OLLAMA_CHAT, "ollama"),
    Format.TGI_GENERATE: _provider_only(Format.TGI_GENERATE, "tgi"),
}
"""Formats without a door: only what they answer is played, at the doors of the others."""
