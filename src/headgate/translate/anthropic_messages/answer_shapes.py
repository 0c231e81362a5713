"""Answers of Anthropic's messages format, whole and as events.

Open, but for the kinds of block: what a provider's own tools did there has no counterpart elsewhere.
"""

from typing import TypeAlias

import msgspec

from headgate.translate.anthropic_messages.request_shapes import RedactedThinkingBlock, ThinkingBlock, ToolUseBlock
from headgate.translate.decoding import ABSENT


class TextBlock(msgspec.Struct, kw_only=True, tag="text"):
    """`{"type": "text"}`."""

    text: str = ""


Block: TypeAlias = TextBlock | ToolUseBlock | ThinkingBlock | RedactedThinkingBlock


class MessageBody(msgspec.Struct, kw_only=True):
    """A whole answer."""

    content: list[Block]
    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    usage: dict[str, object] | None = None


class MessageHead(msgspec.Struct, kw_only=True):
    """The answer as `message_start` has it."""

    id: str | None = None
    model: str | None = None
    usage: dict[str, object] | None = None


class EventDelta(msgspec.Struct, kw_only=True):
    """The `delta` of `content_block_delta` and `message_delta`."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None


class StreamEvent(msgspec.Struct, kw_only=True):
    """Any event; which fields are set depends on the type."""

    type: str = ""
    message: MessageHead | None = None
    index: int | None = None
    content_block: Block | None = None
    delta: EventDelta | None = None
    usage: dict[str, object] | None = None
    error: msgspec.Raw = ABSENT
