"""What was counted. Every unit is a disjoint bucket: a token is in exactly one of them.

Providers report overlapping figures (cached tokens inside prompt tokens here, beside them there). The readers in
`translate/*/meter.py` take them apart; from here on nothing overlaps, and totals are sums.
"""

from enum import StrEnum

import msgspec


class Unit(StrEnum):
    """One disjoint bucket of usage. Tokens unless the name says otherwise."""

    INPUT = "input"
    """Input read fresh: text, and whatever has no bucket of its own."""
    INPUT_AUDIO = "input_audio"
    INPUT_IMAGE = "input_image"
    CACHE_READ = "cache_read"
    CACHE_READ_AUDIO = "cache_read_audio"
    CACHE_READ_IMAGE = "cache_read_image"
    CACHE_WRITE = "cache_write"
    """Written to the provider's prompt cache with its default lifetime (Anthropic: five minutes)."""
    CACHE_WRITE_1H = "cache_write_1h"
    OUTPUT = "output"
    """Visible output, and whatever has no bucket of its own."""
    OUTPUT_REASONING = "output_reasoning"
    OUTPUT_AUDIO = "output_audio"
    OUTPUT_IMAGE = "output_image"
    OUTPUT_CITATION = "output_citation"
    """Perplexity: tokens of cited sources, billed apart."""
    REQUEST = "request"
    """One per billed request, where the card has a fee per request."""
    WEB_SEARCH = "web_search"
    """Searches that the provider ran."""
    FILE_SEARCH = "file_search"
    """Storage searches that the provider ran."""
    IMAGE = "image"
    """Images that were made, where each has a price."""
    CHARACTER = "character"
    """Characters (code points) of a text that was spoken."""
    AUDIO_SECOND = "audio_second"
    """Seconds of sound that went in, a begun one counted whole."""
    SEARCH_UNIT = "search_unit"
    """Rerank: one query with up to so many documents as its operator says."""
    CODE_SESSION = "code_session"
    """Containers in which the provider ran code."""
    TOOL_IMAGE = "tool_image"
    """Pictures that a tool of the provider made beside the answer, billed at another model's rates."""


INPUT_UNITS = frozenset(
    {
        Unit.INPUT,
        Unit.INPUT_AUDIO,
        Unit.INPUT_IMAGE,
        Unit.CACHE_READ,
        Unit.CACHE_READ_AUDIO,
        Unit.CACHE_READ_IMAGE,
        Unit.CACHE_WRITE,
        Unit.CACHE_WRITE_1H,
    }
)
OUTPUT_UNITS = frozenset(
    {Unit.OUTPUT, Unit.OUTPUT_REASONING, Unit.OUTPUT_AUDIO, Unit.OUTPUT_IMAGE, Unit.OUTPUT_CITATION}
)


class Usage(msgspec.Struct, frozen=True):
    """Quantities per unit; a unit that is absent was not used. Usage that was not reported is None, never empty."""

    quantities: dict[Unit, int]
    """Only positive quantities."""

    @property
    def prompt_tokens(self) -> int:
        """All input tokens, cached or not."""
        return sum(n for unit, n in self.quantities.items() if unit in INPUT_UNITS)

    @property
    def completion_tokens(self) -> int:
        """All output tokens, reasoning included."""
        return sum(n for unit, n in self.quantities.items() if unit in OUTPUT_UNITS)

    @property
    def total_tokens(self) -> int:
        """Input plus output tokens."""
        return self.prompt_tokens + self.completion_tokens


def usage_of(**quantities: int) -> Usage:
    """Build a Usage from unit names, leaving zeros out: `usage_of(input=12, output=3)`.

    Raises:
        ValueError: for an unknown unit or a negative quantity.
    """
    if any(n < 0 for n in quantities.values()):
        message = f"negative usage: {quantities}"
        raise ValueError(message)
    return Usage({Unit(name): n for name, n in quantities.items() if n})
