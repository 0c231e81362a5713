"""What of Bedrock's Converse format depends on whose model answers.

Source: AWS's pages of the models' own parameters, of prompt caching, and of Converse's fields that only some models
take. A model is named by its maker and its name (`anthropic.claude-...`), with the geography of an inference profile in
front of it or inside an ARN; of a profile with a name of its own nothing is known.
"""

import re
from enum import Enum, auto
from typing import Final


class Family(Enum):
    """Models that take the same parameters beside the common ones."""

    CLAUDE = auto()
    NOVA = auto()
    NOVA_2 = auto()
    GPT_OSS = auto()
    QWEN = auto()
    MISTRAL = auto()
    COHERE = auto()
    OTHER = auto()

    @property
    def caches(self) -> bool:
        """Whether it takes cache points, at all."""
        return self in {Family.CLAUDE, Family.NOVA, Family.NOVA_2}

    @property
    def tells_failed_tools(self) -> bool:
        """Whether it takes the `status` of a tool's result."""
        return self in {Family.CLAUDE, Family.NOVA, Family.NOVA_2}


_BY_NAME: Final = (
    (re.compile(r"\banthropic\.claude"), Family.CLAUDE),
    (re.compile(r"\bamazon\.nova-[2-9]"), Family.NOVA_2),
    (re.compile(r"\bamazon\.nova"), Family.NOVA),
    (re.compile(r"\bopenai\.gpt-oss"), Family.GPT_OSS),
    (re.compile(r"\bqwen\."), Family.QWEN),
    (re.compile(r"\bmistral\."), Family.MISTRAL),
    (re.compile(r"\bcohere\.command"), Family.COHERE),
)


def family_of(model: str) -> Family:
    """By the model's name."""
    name = model.lower()
    return next((family for pattern, family in _BY_NAME if pattern.search(name)), Family.OTHER)
