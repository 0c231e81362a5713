"""The front doors: which paths there are and what is spoken behind them."""

from enum import StrEnum
from typing import Final

import msgspec

from headgate.domain.formats import Format

_MODEL: Final = "{model}"
_BELOW_MODELS: Final = "/models/"
_VERSIONS: Final = ("/v1beta/models/", "/v1/models/")
"""Under which Gemini's doors stand. `/v1/models/{model}` itself is a question of OpenAI's, by another method."""


class Envelope(StrEnum):
    """Whose error shape a door answers with."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    COHERE = "cohere"
    AI_REQUEST = "ai_request"
    """`{"success": false, "error": ...}`, of the request API."""


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint that sends a request to a provider."""

    path: str
    """`{model}` in it stands for the model's name, which then is not in the body."""
    format: Format
    envelope: Envelope
    scope: str
    """What it is called in a virtual key's scopes."""
    streams: bool
    """Whether `stream: true` means anything here."""
    streamed: bool = False
    """Whether every answer is a stream: the path says so."""
    prompt: str | None = None
    """Field without which a body asks for nothing."""
    form: bool = False
    """Whether it takes a form with files (`multipart/form-data`) in place of JSON."""
    files: tuple[str, ...] = ()
    """Fields of the form that must be files."""
    says: bool = False
    """Whether the prompt must be a text: it is counted by its characters, or nothing else makes sense."""
    events_field: str | None = None
    """Field in which `sse` asks for a stream, where `stream` does not."""
    needs: tuple[str, ...] = ()
    """Fields beside the prompt that a body must have."""
    default_model: str | None = None
    """Meant where a body names none: its format says so."""
    instead: frozenset[str] = frozenset()
    """Fields that may stand in its place: what they name is kept by the provider."""
    continues: str | None = None
    """Field that names an earlier answer of its provider, from which the conversation goes on."""
    endless: frozenset[str] = frozenset()
    """Fields that make the provider go on after it has answered, so that nobody here learns what it costs."""
    free: bool = False
    """The provider never bills it."""
    limit: str = "max_tokens"
    """What its callers call the limit on the output, in remedies."""

    @property
    def names_model(self) -> bool:
        """Whether the path says which model is meant."""
        return _MODEL in self.path

    def model_in(self, path: str) -> str:
        """The model that a path of this door names, which may contain slashes."""
        return path.partition(_BELOW_MODELS)[2].rpartition(":")[0]


CHAT = Door(
    path="/v1/chat/completions",
    format=Format.OPENAI_CHAT,
    envelope=Envelope.OPENAI,
    scope="chat",
    streams=True,
    prompt="messages",
)
RESPONSES = Door(
    path="/v1/responses",
    format=Format.OPENAI_RESPONSES,
    envelope=Envelope.OPENAI,
    scope="responses",
    streams=True,
    prompt="input",
    instead=frozenset({"previous_response_id", "conversation", "prompt"}),
    continues="previous_response_id",
    endless=frozenset({"background"}),
    limit="max_output_tokens",
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
RERANK_V2 = msgspec.structs.replace(RERANK, path="/v2/rerank", envelope=Envelope.COHERE)
"""Where Cohere's own SDK asks."""
COHERE_CHAT = Door(
    path="/v2/chat",
    format=Format.COHERE_CHAT,
    envelope=Envelope.COHERE,
    scope="chat",
    streams=True,
    prompt="messages",
)
IMAGES = Door(
    path="/v1/images/generations",
    format=Format.OPENAI_IMAGES,
    envelope=Envelope.OPENAI,
    scope="images",
    streams=True,
    prompt="prompt",
    says=True,
)
SPEECH = Door(
    path="/v1/audio/speech",
    format=Format.OPENAI_SPEECH,
    envelope=Envelope.OPENAI,
    scope="audio",
    streams=False,
    prompt="input",
    says=True,
    events_field="stream_format",
)
TRANSCRIPTIONS = Door(
    path="/v1/audio/transcriptions",
    format=Format.OPENAI_TRANSCRIPTIONS,
    envelope=Envelope.OPENAI,
    scope="audio",
    streams=True,
    form=True,
    files=("file",),
)
TRANSLATIONS = Door(
    path="/v1/audio/translations",
    format=Format.OPENAI_TRANSLATIONS,
    envelope=Envelope.OPENAI,
    scope="audio",
    streams=False,
    form=True,
    files=("file",),
)
IMAGE_EDITS = Door(
    path="/v1/images/edits",
    format=Format.OPENAI_IMAGE_EDITS,
    envelope=Envelope.OPENAI,
    scope="images",
    streams=True,
    prompt="prompt",
    says=True,
    form=True,
    files=("image",),
)
GENERATE_CONTENT = Door(
    path="/v1beta/models/{model}:generateContent",
    format=Format.GEMINI,
    envelope=Envelope.GEMINI,
    scope="gemini",
    streams=False,
    prompt="contents",
    limit="maxOutputTokens",
)
STREAM_GENERATE_CONTENT = Door(
    path="/v1beta/models/{model}:streamGenerateContent",
    format=Format.GEMINI,
    envelope=Envelope.GEMINI,
    scope="gemini",
    streams=False,
    streamed=True,
    prompt="contents",
    limit="maxOutputTokens",
)
GEMINI_COUNT_TOKENS = Door(
    path="/v1beta/models/{model}:countTokens",
    format=Format.GEMINI_COUNT_TOKENS,
    envelope=Envelope.GEMINI,
    scope="gemini",
    streams=False,
    free=True,
)
EMBED_CONTENT = Door(
    path="/v1beta/models/{model}:embedContent",
    format=Format.GEMINI_EMBED_CONTENT,
    envelope=Envelope.GEMINI,
    scope="embeddings",
    streams=False,
    prompt="content",
)
BATCH_EMBED_CONTENTS = Door(
    path="/v1beta/models/{model}:batchEmbedContents",
    format=Format.GEMINI_BATCH_EMBED_CONTENTS,
    envelope=Envelope.GEMINI,
    scope="embeddings",
    streams=False,
    prompt="requests",
)

DOORS: dict[str, Door] = {
    door.path: door
    for door in (
        CHAT,
        RESPONSES,
        EMBEDDINGS,
        MESSAGES,
        COUNT_TOKENS,
        GENERATE_CONTENT,
        STREAM_GENERATE_CONTENT,
        GEMINI_COUNT_TOKENS,
        EMBED_CONTENT,
        BATCH_EMBED_CONTENTS,
        COMPLETIONS,
        MODERATIONS,
        RERANK,
        RERANK_V2,
        COHERE_CHAT,
        IMAGES,
        SPEECH,
        TRANSCRIPTIONS,
        TRANSLATIONS,
        IMAGE_EDITS,
    )
}
_BY_ACTION: Final = {door.path.rpartition(":")[2]: door for door in DOORS.values() if door.names_model}

TRANSLATABLE = frozenset({Format.OPENAI_CHAT, Format.OPENAI_RESPONSES, Format.ANTHROPIC_MESSAGES, Format.GEMINI})
"""Formats whose doors lead to providers of other formats too; the others reach only providers that speak them."""

SPOKEN = TRANSLATABLE | {Format.BEDROCK_CONVERSE, Format.COHERE_CHAT, Format.OLLAMA_CHAT, Format.TGI_GENERATE}
"""Formats that a translated request may be put in."""


def find_door(path: str) -> Door | None:
    """The door behind a path; None where there is none."""
    door = DOORS.get(path)
    if door is None and path.startswith(_VERSIONS):
        return _BY_ACTION.get(path.rpartition(":")[2])
    return door
