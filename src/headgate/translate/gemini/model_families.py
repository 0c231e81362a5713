"""How the Gemini models are asked to think, and which of them insist on signatures.

Source: Google's guides to thinking and to thought signatures. Models before 2.5 do not think; 2.5 take a budget in
tokens, which only Flash may set to nothing; from 3 on they take a level, and refuse a call that comes back without the
signature it left with. A name without a version (`gemini-flash-latest`) is a new model's.
"""

import re
from enum import Enum, auto
from typing import Final

_VERSION: Final = re.compile(r"gemini-(?:\w+-)*?(\d)(?:\.(\d))?(?!\d)")
_BUDGET_FROM: Final = (2, 5)
_LEVEL_FROM: Final = (3, 0)


class ThinkingStyle(Enum):
    """What a model wants to be told."""

    NONE = auto()
    BUDGET = auto()
    LEVEL = auto()


def thinking_style(model: str) -> ThinkingStyle:
    """By the model's name."""
    version = _version(model)
    if version is None:
        return ThinkingStyle.LEVEL if "gemini" in model.lower() else ThinkingStyle.NONE
    if version >= _LEVEL_FROM:
        return ThinkingStyle.LEVEL
    return ThinkingStyle.BUDGET if version >= _BUDGET_FROM else ThinkingStyle.NONE


def is_pro(model: str) -> bool:
    """Whether it is one of the larger models, which always think."""
    return "-pro" in model.lower()


def insists_on_signatures(model: str) -> bool:
    """Whether a call of a tool must come back with a signature."""
    return thinking_style(model) is ThinkingStyle.LEVEL


def _version(model: str) -> tuple[int, int] | None:
    found = _VERSION.search(model.lower())
    return (int(found[1]), int(found[2] or 0)) if found else None
