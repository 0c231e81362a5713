"""What of OpenAI's chat completions format depends on the family of the model.

Source: OpenAI's and Google's guides to reasoning models: these refuse `max_tokens` and sampling knobs, or take
`reasoning_effort`, which the others refuse as an unknown argument.
"""

import re
from typing import Final

_OPENAI_REASONING: Final = re.compile(r"o[1-9](-|$)|gpt-([5-9]|\d\d)(?!.*-chat)")
_TAKES_EFFORT: Final = re.compile(r"gpt-oss|gemini-(2\.5|[3-9])")


def is_openai_reasoning(model: str) -> bool:
    """Whether the model wants `max_completion_tokens` and no sampling knobs. An operator's prefix is ignored."""
    return _OPENAI_REASONING.match(_bare(model)) is not None


def takes_effort(model: str) -> bool:
    """Whether the model takes `reasoning_effort`."""
    return is_openai_reasoning(model) or _TAKES_EFFORT.match(_bare(model)) is not None


def _bare(model: str) -> str:
    return model.lower().rsplit("/", 1)[-1]
