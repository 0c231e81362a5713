"""What the content parts of a request add up to, in any format whose parts are objects with a `type`."""

from typing import Final

import msgspec

IMAGES: Final = frozenset({"image", "image_url", "input_image"})
"""Types of parts that are looked at, and cost what the model's family says, whatever their size."""
_SELF_CONTAINED: Final = frozenset(
    {"text", "input_text", "output_text", "thinking", "redacted_thinking", "reasoning", "refusal", "tool_use"}
    | {"tool_result", "tool_reference", "search_result", "server_tool_use", "mcp_tool_use", "mcp_tool_result"}
)
_AUDIO: Final = frozenset({"input_audio", "audio"})


class CacheControl(msgspec.Struct):
    """A cache marker."""

    ttl: str | None = None


class Part(msgspec.Struct):
    """A content part, or a block."""

    type: str | None = None
    content: "list[Part] | str | dict[str, msgspec.Raw] | None" = None
    cache_control: CacheControl | None = None


class Content:
    """A sum over parts."""

    __slots__ = ("audio", "images", "long_cache", "outside")

    def __init__(self) -> None:
        self.images = 0
        self.audio = False
        self.outside = False
        self.long_cache = False

    def add(self, parts: list[Part]) -> None:
        """Look at parts, and at those inside them; one of an unknown type may refer to more than it holds."""
        for part in parts:
            self.note(part.cache_control)
            kind = part.type or ""
            if kind in IMAGES:
                self.images += 1
            elif kind in _AUDIO:
                self.audio = True
            elif kind not in _SELF_CONTAINED and not kind.endswith("_tool_result"):
                self.outside = True
            if isinstance(part.content, list):
                self.add(part.content)

    def note(self, control: CacheControl | None) -> None:
        """Look at a cache marker."""
        if control is not None and control.ttl == "1h":
            self.long_cache = True
