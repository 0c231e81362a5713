"""Facts about model families that no price list carries: longest output, tokens per image, search without a tool.

Sources: the model pages of OpenAI, Anthropic, Google and DeepSeek (longest output), OpenAI's vision guide (tiles and
patches), Anthropic's vision page. A model that is not listed has no fact, and whoever holds money falls back to the
context window.
"""

from typing import Final, NamedTuple


class Family(NamedTuple):
    """Facts about the models whose name starts with `prefix`."""

    prefix: str
    max_output: int | None = None
    """Tokens, reasoning included."""
    image_tokens: int | None = None
    """The most that one image can cost in input tokens."""


# OpenAI tiles: base + 8 tiles (2048 x 768 is the largest after scaling). Patches: 1,536 times the model's multiplier.
_FAMILIES: Final = (
    Family("gpt-4o-mini", 16_384, 2_833 + 8 * 5_667),
    Family("gpt-4o", 16_384, 85 + 8 * 170),
    Family("gpt-4.1-mini", 32_768, 2_489),
    Family("gpt-4.1-nano", 32_768, 3_779),
    Family("gpt-4.1", 32_768, 1_536),
    Family("gpt-4-turbo", 4_096, 85 + 8 * 170),
    Family("gpt-4-32k", 8_192),
    Family("gpt-4-0", 8_192),
    Family("gpt-3.5-turbo", 4_096),
    Family("gpt-5-mini", 128_000, 2_489),
    Family("gpt-5-nano", 128_000, 3_779),
    Family("gpt-5", 128_000),
    Family("o1-mini", 65_536),
    Family("o1", 100_000, 75 + 8 * 150),
    Family("o3-mini", 100_000),
    Family("o3", 100_000, 75 + 8 * 150),
    Family("o4-mini", 100_000, 2_642),
    Family("claude-3-haiku", 4_096, 1_600),
    Family("claude-3-sonnet", 4_096, 1_600),
    Family("claude-3-opus", 4_096, 1_600),
    Family("claude-3-5-haiku", 8_192, 1_600),
    Family("claude-3-5-sonnet", 8_192, 1_600),
    Family("claude-3-7-sonnet", 128_000, 1_600),
    Family("claude-sonnet-4-5", 64_000, 1_600),
    Family("claude-haiku-4-5", 64_000, 1_600),
    Family("claude-opus-4-5", 64_000, 1_600),
    Family("claude-opus-4-6", 128_000, 1_600),
    Family("claude-opus-4-1", 32_000, 1_600),
    Family("claude-opus-4-2", 32_000, 1_600),
    Family("claude-sonnet-4-2", 64_000, 1_600),
    Family("claude", None, 4_784),
    Family("gemini-2.5", 65_536),
    Family("gemini-2.0", 8_192),
    Family("gemini-1.5", 8_192),
    Family("text-embedding", 0),
)
_SEARCHING: Final = ("compound", "-search-preview", "-search-api", "deep-research", ":online")


def family_of(model: str) -> Family:
    """Facts about a model, by the longest prefix of its name without an operator's; an empty Family without one."""
    name = model.lower().rsplit("/", 1)[-1].replace("claude-3.", "claude-3-").replace("-4.", "-4-")
    if name.startswith("gpt-"):
        name = model.lower().rsplit("/", 1)[-1]
    best = Family("")
    for family in _FAMILIES:
        if name.startswith(family.prefix) and len(family.prefix) > len(best.prefix):
            best = family
    return best


def searches_by_itself(model: str) -> bool:
    """Whether the model reads pages that the request does not contain, without being asked to by a tool."""
    name = model.lower()
    return any(mark in name for mark in _SEARCHING)
