"""The simulated models and their limits."""

import datetime as dt
from enum import StrEnum

import msgspec

PREFIX = "sim/"


class Kind(StrEnum):
    """What a model is for."""

    CHAT = "chat"
    EMBEDDING = "embedding"


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
)

MODELS: dict[str, Model] = {model.name: model for model in _CATALOGUE}
"""By name without the prefix, oldest first."""


def find_model(name: str) -> Model | None:
    """Find a model by its name, with or without the `sim/` prefix."""
    return MODELS.get(name.removeprefix(PREFIX))
