"""The front doors: which paths there are and what is spoken behind them."""

from enum import StrEnum

import msgspec

from headgate.domain.formats import Format


class Envelope(StrEnum):
    """Whose error shape a door answers with."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    AI_REQUEST = "ai_request"
    """`{"success": false, "error": ...}`, of the request API."""


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint that sends a request to a provider."""

    path: str
    format: Format
    envelope: Envelope
    scope: str
    """What it is called in a virtual key's scopes."""
    streams: bool
    """Whether `stream: true` means anything here."""
    prompt: str | None = None
    """Field without which a body asks for nothing."""
    needs: tuple[str, ...] = ()
    """Fields beside the prompt that a body must have."""
    default_model: str | None = None
    """Meant where a body names none: its format says so."""
    free: bool = False
    """The provider never bills it."""


CHAT = Door(
    path="/v1/chat/completions",
    format=Format.OPENAI_CHAT,
    envelope=Envelope.OPENAI,
    scope="chat",
    streams=True,
    prompt="messages",
)
EMBEDDINGS = Door(
    path="/v1/embeddings",
    format=Format.OPENAI_EMBEDDINGS,
    envelope=Envelope.OPENAI,
    scope="embeddings",
    streams=False,
)
MESSAGES = Door(
    path="/v1/messages",
    format=Format.ANTHROPIC_MESSAGES,
    envelope=Envelope.ANTHROPIC,
    scope="messages",
    streams=True,
    prompt="messages",
)
COUNT_TOKENS = Door(
    path="/v1/messages/count_tokens",
    format=Format.ANTHROPIC_COUNT_TOKENS,
    envelope=Envelope.ANTHROPIC,
    scope="messages",
    streams=False,
    free=True,
)
COMPLETIONS = Door(
    path="/v1/completions",
    format=Format.OPENAI_COMPLETIONS,
    envelope=Envelope.OPENAI,
    scope="completions",
    streams=True,
    prompt="prompt",
)
MODERATIONS = Door(
    path="/v1/moderations",
    format=Format.OPENAI_MODERATIONS,
    envelope=Envelope.OPENAI,
    scope="moderations",
    streams=False,
    prompt="input",
    default_model="omni-moderation-latest",
)
RERANK = Door(
    path="/v1/rerank",
    format=Format.RERANK,
    envelope=Envelope.OPENAI,
    scope="rerank",
    streams=False,
    prompt="query",
    needs=("documents",),
)
RERANK_V2 = msgspec.structs.replace(RERANK, path="/v2/rerank")
"""Where Cohere's own SDK asks."""

DOORS: dict[str, Door] = {
    door.path: door for door in (CHAT, EMBEDDINGS, MESSAGES, COUNT_TOKENS, COMPLETIONS, MODERATIONS, RERANK, RERANK_V2)
}

TRANSLATABLE = frozenset({Format.OPENAI_CHAT, Format.ANTHROPIC_MESSAGES})
"""Formats whose doors lead to providers of other formats too; the others reach only providers that speak them."""

SPOKEN = TRANSLATABLE | {Format.BEDROCK_CONVERSE, Format.COHERE_CHAT, Format.OLLAMA_CHAT, Format.TGI_GENERATE}
"""Formats that a translated request may be put in."""


def find_door(path: str) -> Door | None:
    """The door behind a path; None where there is none."""
    return DOORS.get(path)
