"""Requests of Anthropic's messages format, as far as they are translated.

Source: the published reference of `POST /v1/messages`. What a caller writes is closed: an unknown field is an error.
What a caller echoes (blocks of an earlier answer) is open.
"""

from typing import Literal, TypeAlias

import msgspec

from headgate.translate.decoding import ABSENT


class CacheControl(msgspec.Struct, kw_only=True):
    """Ends a prefix that may be cached."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] = "5m"


class TextBlock(msgspec.Struct, kw_only=True, tag="text"):
    """`{"type": "text"}`."""

    text: str
    cache_control: CacheControl | None = None


class Base64Source(msgspec.Struct, kw_only=True, tag="base64", forbid_unknown_fields=True):
    """Bytes inside the body."""

    media_type: str
    data: str


class UrlSource(msgspec.Struct, kw_only=True, tag="url", forbid_unknown_fields=True):
    """Bytes that the provider fetches."""

    url: str


class TextSource(msgspec.Struct, kw_only=True, tag="text", forbid_unknown_fields=True):
    """Plain text."""

    data: str
    media_type: str = "text/plain"


class ImageBlock(msgspec.Struct, kw_only=True, tag="image", forbid_unknown_fields=True):
    """`{"type": "image"}`."""

    source: Base64Source | UrlSource
    cache_control: CacheControl | None = None


class Citations(msgspec.Struct, kw_only=True):
    """Whether the answer must cite the document."""

    enabled: bool = False


class DocumentBlock(msgspec.Struct, kw_only=True, tag="document", forbid_unknown_fields=True):
    """`{"type": "document"}`."""

    source: Base64Source | UrlSource | TextSource
    title: str | None = None
    context: str | None = None
    citations: Citations | None = None
    cache_control: CacheControl | None = None


class ToolUseBlock(msgspec.Struct, kw_only=True, tag="tool_use"):
    """`{"type": "tool_use"}`; the input is an object."""

    id: str
    name: str
    input: msgspec.Raw = msgspec.Raw(b"{}")
    cache_control: CacheControl | None = None


ResultBlock: TypeAlias = TextBlock | ImageBlock | DocumentBlock


class ToolResultBlock(msgspec.Struct, kw_only=True, tag="tool_result", forbid_unknown_fields=True):
    """`{"type": "tool_result"}`."""

    tool_use_id: str
    content: str | list[ResultBlock] | None = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None


class ThinkingBlock(msgspec.Struct, kw_only=True, tag="thinking"):
    """`{"type": "thinking"}`."""

    thinking: str = ""
    signature: str | None = None


class RedactedThinkingBlock(msgspec.Struct, kw_only=True, tag="redacted_thinking"):
    """`{"type": "redacted_thinking"}`."""

    data: str = ""


Block: TypeAlias = (
    TextBlock | ImageBlock | DocumentBlock | ToolUseBlock | ToolResultBlock | ThinkingBlock | RedactedThinkingBlock
)


class RequestMessage(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One turn."""

    role: Literal["user", "assistant", "system"]
    content: str | list[Block]


class ToolDefinition(msgspec.Struct, kw_only=True):
    """A tool of the caller."""

    name: str
    type: str = "custom"
    description: str | None = None
    input_schema: msgspec.Raw = ABSENT
    strict: bool | None = None
    cache_control: CacheControl | None = None


IGNORED_OF_TOOLS = frozenset({"allowed_callers", "defer_loading", "eager_input_streaming", "input_examples"})
"""Left out of a tool's definition, as `docs/reference/translation.md` lists."""


class ToolChoice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether and which tool must be used."""

    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class ThinkingSwitch(msgspec.Struct, kw_only=True):
    """`thinking`."""

    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: int | None = None


class OutputFormat(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The shape of the visible text."""

    type: Literal["json_schema"]
    schema: msgspec.Raw


class OutputConfig(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`output_config`."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: OutputFormat | None = None
    task_budget: msgspec.Raw = ABSENT


class Metadata(msgspec.Struct, kw_only=True):
    """`metadata`."""

    user_id: str | None = None


class MessagesRequest(msgspec.Struct, kw_only=True):
    """The body."""

    messages: list[RequestMessage]
    model: str | None = None
    max_tokens: int | None = None
    system: str | list[TextBlock] | None = None
    tools: list[dict[str, msgspec.Raw]] | None = None
    tool_choice: ToolChoice | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: list[str] | None = None
    thinking: ThinkingSwitch | None = None
    output_config: OutputConfig | None = None
    output_format: OutputFormat | None = None
    metadata: Metadata | None = None
    stream: bool | None = None
    cache_control: CacheControl | None = None


IGNORED = frozenset(
    {"anthropic_beta", "anthropic_version", "betas", "context_management", "service_tier", "speed"},
)
"""Tuning knobs and bookkeeping that no other format has: left out, as `docs/reference/translation.md` lists."""
