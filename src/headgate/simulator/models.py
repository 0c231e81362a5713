"""The simulated models and their limits."""

import datetime as dt
from enum import StrEnum

import msgspec

PREFIX = "sim/"


class Kind(StrEnum):
    """What a model is for."""

    CHAT = "chat"
    EMBEDDING = "embedding"
    MODERATION = "moderation"
    RERANK = "rerank"
    IMAGE = "image"
    SPEECH = "speech"
    TRANSCRIPTION = "transcription"


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One simulated model."""

    name: str
    """Without the `sim/` prefix."""
    title: str
    kind: Kind
    created_at: dt.datetime
    context_window: int
    """Largest prompt in tokens; a longer one is refused."""
    max_output: int = 0
    """Largest output of one choice in tokens, reasoning included; also the limit where the request gives none."""
    reasons: bool = False
    """Whether it reasons without being asked (OpenAI format)."""
    by_token: bool = True
    """Whether it counts tokens; otherwise images, characters, seconds or searches."""

    @property
    def id(self) -> str:
        """The public name."""
        return PREFIX + self.name


def _at(day: int) -> dt.datetime:
    return dt.datetime(2026, 1, day, tzinfo=dt.UTC)


_CATALOGUE = (
    Model(
        name="echo",
        title="Echo",
        kind=Kind.CHAT,
        created_at=_at(1),
        context_window=32_768,
        max_output=4_096,
    ),
    Model(
        name="small",
        title="Small",
        kind=Kind.CHAT,
        created_at=_at(2),
        context_window=131_072,
        max_output=8_192,
    ),
    Model(
        name="large",
        title="Large",
        kind=Kind.CHAT,
        created_at=_at(3),
        context_window=200_000,
        max_output=16_384,
    ),
    Model(
        name="reasoner",
        title="Reasoner",
        kind=Kind.CHAT,
        created_at=_at(4),
        context_window=200_000,
        max_output=65_536,
        reasons=True,
    ),
    Model(
        name="open",
        title="Open",
        kind=Kind.CHAT,
        created_at=_at(6),
        context_window=131_072,
        max_output=8_192,
    ),
    Model(name="embed", title="Embed", kind=Kind.EMBEDDING, created_at=_at(5), context_window=8_192),
    Model(name="moderate", title="Moderate", kind=Kind.MODERATION, created_at=_at(7), context_window=32_768),
    Model(name="rerank", title="Rerank", kind=Kind.RERANK, created_at=_at(8), context_window=131_072, by_token=False),
    Model(name="image", title="Image", kind=Kind.IMAGE, created_at=_at(9), context_window=4_096, by_token=False),
    Model(
        name="image-tokens",
        title="Image by tokens",
        kind=Kind.IMAGE,
        created_at=_at(10),
        context_window=4_096,
        max_output=6_240,
    ),
    Model(name="speech", title="Speech", kind=Kind.SPEECH, created_at=_at(11), context_window=4_096, by_token=False),
    Model(
        name="speech-tokens",
        title="Speech by tokens",
        kind=Kind.SPEECH,
        created_at=_at(12),
        context_window=4_096,
        max_output=16_384,
    ),
    Model(
        name="transcribe",
        title="Transcribe",
        kind=Kind.TRANSCRIPTION,
        created_at=_at(13),
        context_window=16_384,
        by_token=False,
    ),
    Model(
        name="transcribe-tokens",
        title="Transcribe by tokens",
        kind=Kind.TRANSCRIPTION,
        created_at=_at(14),
        context_window=16_384,
        max_output=2_048,
    ),
)

MODELS: dict[str, Model] = {model.name: model for model in _CATALOGUE}
"""By name without the prefix, oldest first."""


def find_model(name: str) -> Model | None:
    """Find a model by its name, with or without the `sim/` prefix."""
    return MODELS.get(name.removeprefix(PREFIX))
