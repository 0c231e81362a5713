"""What the tools of a request may cost beside their definitions."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from headgate.pricing.shapes.content import CacheControl, Content
from headgate.pricing.shapes.fields import is_given

SEARCHES_WITHOUT_LIMIT: Final = 10
"""Searches that a server tool may run when the request sets no limit (Anthropic's loop stops after ten rounds)."""
_CLIENT_TOOLS: Final = ("function", "custom", "bash_", "text_editor_", "computer_", "memory_")


class Offered(NamedTuple):
    """The tools of a request."""

    any: bool = False
    server: bool = False
    """The operator runs some of them."""
    searches: int = 0
    """The most searches that it may run."""


class _Tool(msgspec.Struct):
    type: str | None = None
    max_uses: int | None = None
    cache_control: CacheControl | None = None


_decoder: Final = msgspec.json.Decoder(list[_Tool])


def tools_in(fields: Mapping[str, msgspec.Raw], content: Content) -> Offered:
    """Read `tools`; cache markers on them count with the content's."""
    if not is_given(fields, "tools"):
        return Offered(any=is_given(fields, "functions"))
    try:
        tools = _decoder.decode(fields["tools"])
    except msgspec.DecodeError:
        return Offered(any=True, server=True, searches=SEARCHES_WITHOUT_LIMIT)
    searches, server = 0, False
    for tool in tools:
        content.note(tool.cache_control)
        if tool.type is not None and not tool.type.startswith(_CLIENT_TOOLS):
            server = True
            if "search" in tool.type:
                searches += SEARCHES_WITHOUT_LIMIT if tool.max_uses is None else max(tool.max_uses, 0)
    return Offered(any=True, server=server, searches=searches)
