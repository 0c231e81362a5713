"""Streams that may have to end before their model does: what passed of one, and how its format ends it here.

A `Follower` looks on at the events of a stream, whoever wrote them; an `Ending` follows what a client receives, and can
end it. Neither takes content apart: what no codec knows (several choices, server tools, sound) can be counted and ended
too. Sans I/O.
"""

from typing import Protocol

from headgate.domain.formats import Format
from headgate.domain.usage import Usage
from headgate.translate.anthropic_messages.end_stream import AnthropicEnding
from headgate.translate.bedrock_converse.follow_stream import ConverseFollower
from headgate.translate.cohere_chat.end_stream import CohereEnding
from headgate.translate.cohere_chat.follow_stream import CohereFollower
from headgate.translate.end_completions import CompletionsEnding
from headgate.translate.gemini.end_stream import GeminiEnding
from headgate.translate.ollama_chat.follow_stream import OllamaFollower
from headgate.translate.openai_chat.end_stream import OpenAiEnding
from headgate.translate.openai_responses.end_stream import ResponsesEnding
from headgate.translate.tgi_generate.follow_stream import TgiFollower
from headgate.wire.framing import Framing


class Follower(Protocol):
    """Follows one stream."""

    def feed(self, chunk: bytes) -> int:
        """Take bytes in any cut; give the most output tokens that the events in them can be.

        A token is at least one byte of text, thinking, signature or tool call; every block and call counts some more
        for the tokens around it. Never raises: of an event that cannot be read, every byte counts.
        """
        ...

    @property
    def over(self) -> bool:
        """The model has stopped: nothing that costs can follow."""
        ...


class Ending(Follower, Protocol):
    """Follows the stream that a client receives, and can end it."""

    def finish(self, usage: Usage | None) -> bytes:
        """Everything that makes the stream a whole one that ran out of tokens, behind the last complete event.

        `usage` goes to clients that asked for it, or whose format always tells it. Without input it is not known, and
        left out where the format allows that.
        """
        ...


def ending_for(
    format_: Format, *, created: int, model: str, include_usage: bool, framing: Framing = Framing.SSE
) -> Ending:
    """A fresh ending for one stream of a format that has a door.

    Args:
        format_: what the stream is written in.
        created: epoch seconds; it only names an answer that has said nothing yet.
        model: as asked, for such an answer.
        include_usage: the client asked, where one has to ask.
        framing: how the stream is put together, where its format has a choice.
    """
    if format_ is Format.OPENAI_CHAT:
        return OpenAiEnding(created=created, model=model, include_usage=include_usage)
    if format_ is Format.OPENAI_COMPLETIONS:
        return CompletionsEnding(created=created, model=model, include_usage=include_usage)
    if format_ is Format.COHERE_CHAT:
        return CohereEnding(created=created)
    if format_ is Format.GEMINI:
        return GeminiEnding(framing, created=created, model=model)
    if format_ is Format.OPENAI_RESPONSES:
        return ResponsesEnding(created=created, model=model)
    return AnthropicEnding(created=created, model=model)


def follower_for(format_: Format) -> Follower:
    """A fresh follower of a provider's stream, in a format that may be spoken to one."""
    match format_:
        case Format.BEDROCK_CONVERSE:
            return ConverseFollower()
        case Format.COHERE_CHAT:
            return CohereFollower()
        case Format.OLLAMA_CHAT:
            return OllamaFollower()
        case Format.TGI_GENERATE:
            return TgiFollower()
        case _:
            return ending_for(format_, created=0, model="", include_usage=False)
