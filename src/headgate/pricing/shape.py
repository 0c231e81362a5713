"""What a request's body says about how much it can cost, found in one pass that skips the text.

A byte-level token is at least one byte, so the size of a body bounds the tokens of the text in it; what it refers to
(pages, files, searches) it does not bound. Only parts that are known to carry their content count as self-contained.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.formats import Format
from headgate.providers.provider import Provider, UsageQuirk
from headgate.providers.surcharges import surcharge_of

SEARCHES_WITHOUT_LIMIT: Final = 10
"""Searches that a server tool may run when the request sets no limit (Anthropic's loop stops after ten rounds)."""

_SELF_CONTAINED: Final = frozenset(
    {"text", "input_text", "output_text", "thinking", "redacted_thinking", "reasoning", "refusal", "tool_use"}
    | {"tool_result", "tool_reference", "search_result", "server_tool_use", "mcp_tool_use", "mcp_tool_result"}
)
IMAGES: Final = frozenset({"image", "image_url", "input_image"})
"""Types of parts that are looked at, and cost what the model's family says, whatever their size."""
_AUDIO: Final = frozenset({"input_audio", "audio"})
_OUTSIDE_FIELDS: Final = frozenset(
    {"previous_response_id", "mcp_servers", "container", "data_sources", "documents", "compound_custom", "file_ids"}
)
_SEARCH_FIELDS: Final = frozenset({"web_search_options", "plugins", "search_parameters", "web_search", "enable_search"})
ALL_LIMITS: Final = ("max_completion_tokens", "max_tokens")
"""Fields that bound the output in any format that is spoken here, the newer one first."""
_CLIENT_TOOLS: Final = ("function", "custom", "bash_", "text_editor_", "computer_", "memory_")
_TIER_FIELDS: Final = frozenset({"service_tier", "speed", "inference_geo"})
_ABSENT: Final = (b"", b"null")
_NOTHING: Final = (b"null", b"false", b"[]", b"{}", b'""')


class RequestShape(msgspec.Struct, frozen=True, kw_only=True):
    """What bounds the cost of one request."""

    body_bytes: int
    """Size of the body: no text in it has more tokens."""
    max_output_tokens: int | None = None
    """The caller's limit per choice; None: none that this operator obeys."""
    choices: int = 1
    refers_outside: bool = False
    """The input is more than the body: documents, videos, earlier answers, server-side tools."""
    server_tools: bool = False
    """The operator itself runs tools."""
    searches: int = 0
    """The most searches it may run, each with a fee."""
    surcharge_tokens: int = 0
    """Input that the operator adds."""
    images: int = 0
    audio: bool = False
    """Audio goes in."""
    modalities: bool = False
    """Something else than text may come out."""
    predicted_tokens: int = 0
    """Of a predicted output: what is rejected of it is billed beside the answer."""
    long_cache: bool = False
    """Something may be written to the cache for an hour."""
    service_tiers: tuple[str, ...] = ()
    """Tiers beside the standard one that the request may be billed at."""
    output: bool = True
    """False for embeddings."""

    @property
    def plain(self) -> bool:
        """Text in, text out, at the standard tier, without searches: what most requests are."""
        return self.output and not (
            self.images or self.audio or self.modalities or self.long_cache or self.searches or self.service_tiers
        )


class _CacheControl(msgspec.Struct):
    ttl: str | None = None


class _Tool(msgspec.Struct):
    type: str | None = None
    max_uses: int | None = None
    cache_control: _CacheControl | None = None


class _Part(msgspec.Struct):
    type: str | None = None
    content: "list[_Part] | str | dict[str, msgspec.Raw] | None" = None
    cache_control: _CacheControl | None = None


class _Message(msgspec.Struct):
    content: msgspec.Raw = msgspec.Raw()
    audio: msgspec.Raw = msgspec.Raw()


class _Parts:
    """What the content parts of a request add up to."""

    __slots__ = ("audio", "images", "long_cache", "outside")

    def __init__(self) -> None:
        self.images = 0
        self.audio = False
        self.outside = False
        self.long_cache = False

    def add(self, parts: list[_Part]) -> None:
        for part in parts:
            if part.cache_control is not None and part.cache_control.ttl == "1h":
                self.long_cache = True
            kind = part.type or ""
            if kind in IMAGES:
                self.images += 1
            elif kind in _AUDIO:
                self.audio = True
            elif kind not in _SELF_CONTAINED and not kind.endswith("_tool_result"):
                self.outside = True
            if isinstance(part.content, list):
                self.add(part.content)


_tools_decoder: Final = msgspec.json.Decoder(list[_Tool])
_messages_decoder: Final = msgspec.json.Decoder(list[_Message])
_TEXT_STARTS: Final = (b'"', b"n", b"")
"""First bytes of a text, of null, and of nothing."""
_parts_decoder: Final = msgspec.json.Decoder(list[_Part])
_system_decoder: Final = msgspec.json.Decoder(list[_Part] | str | None)
_integer_decoder: Final = msgspec.json.Decoder(int | None)
_cache_decoder: Final = msgspec.json.Decoder(_CacheControl | None)


def shape_of(format: Format, fields: Mapping[str, msgspec.Raw], body: bytes, provider: Provider) -> RequestShape:  # noqa: A002 - the noun of the domain
    """Read the shape of the body that goes to the provider.

    Args:
        format: the format of that body.
        fields: its top level.
        body: its bytes.
        provider: who gets it.
    """
    surcharge = surcharge_of(provider.name)
    if format is Format.OPENAI_EMBEDDINGS:
        return RequestShape(body_bytes=len(body), surcharge_tokens=surcharge.plain, output=False)
    parts = _parts(fields)
    has_tools, server_tools, searches = _tools(fields, parts)
    outside = parts.outside
    if not _SEARCH_FIELDS.isdisjoint(fields) and any(_given(fields, name) for name in _SEARCH_FIELDS):
        server_tools, searches = True, max(searches, SEARCHES_WITHOUT_LIMIT)
    if not _OUTSIDE_FIELDS.isdisjoint(fields) and any(_given(fields, name) for name in _OUTSIDE_FIELDS):
        outside = True
    return RequestShape(
        body_bytes=len(body),
        max_output_tokens=believed_limit(format, fields, provider),
        choices=max(_integer(fields, "n") or 1, 1),
        refers_outside=outside or server_tools,
        server_tools=server_tools,
        searches=searches,
        surcharge_tokens=surcharge.plain + (surcharge.tools if has_tools else 0),
        images=parts.images,
        audio=parts.audio,
        modalities="modalities" in fields or "audio" in fields,
        predicted_tokens=len(bytes(fields["prediction"])) if "prediction" in fields else 0,
        long_cache=parts.long_cache,
        service_tiers=_service_tiers(format, fields, provider),
    )


def _parts(fields: Mapping[str, msgspec.Raw]) -> _Parts:
    found = _Parts()
    try:
        for message in _messages_decoder.decode(fields["messages"]):
            # A plain text, however long, is not made into a string: nothing in it is looked at.
            start = bytes(memoryview(message.content)[:1])
            if start == b"[":
                found.add(_parts_decoder.decode(message.content))
            elif start not in _TEXT_STARTS:
                found.outside = True
            if bytes(message.audio) not in _ABSENT:
                # An earlier spoken answer, by its id.
                found.outside = True
        system = _system_decoder.decode(fields["system"]) if "system" in fields else None
        if isinstance(system, list):
            found.add(system)
        control = _cache_decoder.decode(fields["cache_control"]) if "cache_control" in fields else None
        found.long_cache = found.long_cache or (control is not None and control.ttl == "1h")
    except (KeyError, msgspec.DecodeError):
        # The provider will refuse it, or reads it in a way that is not known here.
        found.outside = True
    return found


def _tools(fields: Mapping[str, msgspec.Raw], parts: _Parts) -> tuple[bool, bool, int]:
    """(has tools, has server tools, the most searches)."""
    if not _given(fields, "tools"):
        return _given(fields, "functions"), False, 0
    try:
        tools = _tools_decoder.decode(fields["tools"])
    except msgspec.DecodeError:
        return True, True, SEARCHES_WITHOUT_LIMIT
    searches, server_tools = 0, False
    for tool in tools:
        if tool.cache_control is not None and tool.cache_control.ttl == "1h":
            parts.long_cache = True
        if tool.type is not None and not tool.type.startswith(_CLIENT_TOOLS):
            server_tools = True
            if "search" in tool.type:
                searches += SEARCHES_WITHOUT_LIMIT if tool.max_uses is None else max(tool.max_uses, 0)
    return True, server_tools, searches


def believed_limit(format: Format, fields: Mapping[str, msgspec.Raw], provider: Provider) -> int | None:  # noqa: A002 - the noun of the domain
    """The limit on the output of one choice that this operator obeys; None: none that it does."""
    if UsageQuirk.SEARCH_TOKENS_APART in provider.usage_quirks and b"deep-research" in bytes(fields.get("model", b"")):
        return None
    # A translated request gets the operator's own field from the codec.
    obeyed = provider.limit_fields if format in provider.paths else ALL_LIMITS
    # Some operators take 0 or -1 for "no limit".
    limits = [limit for name in obeyed if (limit := _integer(fields, name)) is not None and limit > 0]
    return max(limits, default=None)


def _service_tiers(format: Format, fields: Mapping[str, msgspec.Raw], provider: Provider) -> tuple[str, ...]:  # noqa: A002 - the noun of the domain
    if UsageQuirk.SEARCH_TOKENS_APART in provider.usage_quirks:
        return ("search-low", "search-medium", "search-high")
    # A workspace at Anthropic may have the United States as its default, which no request shows.
    tiers = ["us"] if format is Format.ANTHROPIC_MESSAGES and "inference_geo" not in fields else []
    if _TIER_FIELDS.isdisjoint(fields):
        return tuple(tiers)
    for name in _TIER_FIELDS:
        if _given(fields, name):
            tier = bytes(fields[name]).strip(b'"').decode("utf-8", "replace")
            tiers.extend(("priority", "fast") if tier == "auto" and name == "service_tier" else (tier,))
    return tuple(tiers)


def _given(fields: Mapping[str, msgspec.Raw], name: str) -> bool:
    return name in fields and bytes(fields[name]) not in _NOTHING


def _integer(fields: Mapping[str, msgspec.Raw], name: str) -> int | None:
    raw = fields.get(name)
    if raw is None:
        return None
    try:
        value = _integer_decoder.decode(raw)
    except msgspec.DecodeError:
        return None
    return value if value is not None and value >= 0 else None
