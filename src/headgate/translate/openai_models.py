"""What of OpenAI's formats depends on the family of the model.

Source: OpenAI's and Google's guides to reasoning models: these refuse `max_tokens` and sampling knobs, or take
`reasoning_effort`, which the others refuse as an unknown argument.
"""

import re
from typing import Final

from headgate.domain.conversation import Reasoning

_OPENAI_REASONING: Final = re.compile(r"o[1-9](-|$)|gpt-([5-9]|\d\d)(?!.*-chat)")
_TAKES_EFFORT: Final = re.compile(r"gpt-oss|gemini-(2\.5|[3-9])")
_EFFORT_OF_BUDGET: Final = ((2_048, "low"), (8_192, "medium"))
"""Largest budget in tokens -> effort; above the last one it is high."""
_KNOWN_EFFORTS: Final = {"xhigh": "xhigh", "max": "xhigh"}


def is_openai_reasoning(model: str) -> bool:
    """Whether the model wants `max_completion_tokens` and no sampling knobs. An operator's prefix is ignored."""
    return _OPENAI_REASONING.match(_bare(model)) is not None


def takes_effort(model: str) -> bool:
    """Whether the model takes `reasoning_effort`."""
    return is_openai_reasoning(model) or _TAKES_EFFORT.match(_bare(model)) is not None


def render_effort(reasoning: Reasoning | None) -> str | None:
    """The word for how much to think; None: the caller did not say, or wants none."""
    if reasoning is None or reasoning.enabled is False:
        return None
    if reasoning.effort is not None:
        return _KNOWN_EFFORTS.get(reasoning.effort, reasoning.effort)
    if reasoning.budget_tokens is None:
        return None
    return next((effort for most, effort in _EFFORT_OF_BUDGET if reasoning.budget_tokens <= most), "high")


def _bare(model: str) -> str:
    return model.lower().rsplit("/", 1)[-1]
