"""What of Ollama's chat format depends on the family of the model.

Source: Ollama's guide to thinking and the models of its library that are marked so. It refuses `think` for the others,
and gpt-oss takes a level where the rest take yes or no.
"""

import re
from typing import Final

_THINKS: Final = re.compile(
    r"qwen3(?!-coder|-embedding)|deepseek-r1|deepseek-v(3\.[1-9]|[4-9])|gpt-oss|magistral|gemma4|glm-(4\.[6-9]|[5-9])"
    r"|kimi-k2(-thinking|\.[5-9])|minimax-m[2-9]|nemotron-3|lfm2\.5-thinking"
)
_TAKES_LEVEL: Final = re.compile(r"gpt-oss")


def takes_thinking(model: str) -> bool:
    """Whether the model takes `think`. Whoever published it is ignored."""
    return _THINKS.match(_bare(model)) is not None


def takes_level(model: str) -> bool:
    """Whether `think` is one of `low`, `medium`, `high`."""
    return _TAKES_LEVEL.match(_bare(model)) is not None


def _bare(model: str) -> str:
    return model.lower().rsplit("/", 1)[-1]
