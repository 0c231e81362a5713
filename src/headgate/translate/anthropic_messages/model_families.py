"""How the Claude models are asked to think.

Source: Anthropic's guides to extended and adaptive thinking and to effort. Models before 3.7 do not think; from 4.6 on
they decide themselves, steered by an effort; between, they are given a budget. Operators write the same names with
prefixes and suffixes of their own (`anthropic.claude-sonnet-4-5-...-v1:0`, `anthropic/claude-sonnet-4.5`).
"""

import re
from enum import Enum, auto
from typing import Final

_FAMILY_FIRST: Final = re.compile(r"claude-[a-z]+-(\d{1,2})(?:[-.](\d{1,2})(?!\d))?(?!\d)")
_VERSION_FIRST: Final = re.compile(r"claude-(\d)(?:[-.](\d))?(?=[-:@]|$)|claude-(?:instant|v)")
_ADAPTIVE_FROM: Final = (4, 6)
_THINKING_FROM: Final = (3, 7)


class ThinkingStyle(Enum):
    """What a model wants to be told."""

    NONE = auto()
    BUDGET = auto()
    ADAPTIVE = auto()


def thinking_style(model: str) -> ThinkingStyle:
    """By the model's name; a name that is unknown is taken for one that wants a budget."""
    found = _FAMILY_FIRST.search(model.lower()) or _VERSION_FIRST.search(model.lower())
    if found is None:
        return ThinkingStyle.BUDGET
    version = (int(found[1] or 0), int(found[2] or 0))
    if version >= _ADAPTIVE_FROM:
        return ThinkingStyle.ADAPTIVE
    return ThinkingStyle.BUDGET if version >= _THINKING_FROM else ThinkingStyle.NONE
