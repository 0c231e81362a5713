"""Answers of Cohere's chat format (v2), whole and as events. All of it is open: fields are added now and then.

Source: the published reference of `POST /v2/chat`, and recorded traffic.
"""

from typing import TypeAlias

import msgspec


class TextItem(msgspec.Struct, kw_only=True, tag="text"):
    """`{"type": "text"}`."""

    text: str = ""


class ThinkingItem(msgspec.Struct, kw_only=True, tag="thinking"):
    """`{"type": "thinking"}`, of the models that reason."""

    thinking: str = ""


ContentItem: TypeAlias = TextItem | ThinkingItem


class CalledFunction(msgspec.Struct, kw_only=True):
    """In events either field may be missing; arguments are JSON text."""

    name: str | None = None
    arguments: str | None = None


class Call(msgspec.Struct, kw_only=True):
    """An entry of `tool_calls`; later events of a call carry only more arguments."""

    id: str | None = None
    function: CalledFunction | None = None


class Message(msgspec.Struct, kw_only=True):
    """What the model said. `tool_plan` is what it says before it calls tools."""

    content: list[ContentItem] | None = None
    tool_plan: str | None = None
    tool_calls: list[Call] | None = None


class Chat(msgspec.Struct, kw_only=True):
    """A body."""

    id: str | None = None
    message: Message | None = None
    finish_reason: str | None = None
    usage: dict[str, object] | None = None


class ContentDelta(msgspec.Struct, kw_only=True):
    """More of one item; the kind is only told where it starts."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None


class EventMessage(msgspec.Struct, kw_only=True):
    """`delta.message`: which field is there depends on the event, and the head of an answer has them all, empty."""

    content: ContentDelta | list[msgspec.Raw] | None = None
    tool_plan: str | None = None
    tool_calls: Call | list[msgspec.Raw] | None = None


class EventDelta(msgspec.Struct, kw_only=True):
    """`delta` of an event."""

    message: EventMessage | None = None
    finish_reason: str | None = None
    usage: dict[str, object] | None = None
    error: str | None = None
    error_type: str | None = None


class StreamEvent(msgspec.Struct, kw_only=True):
    """One event."""

    type: str | None = None
    id: str | None = None
    index: int | None = None
    delta: msgspec.Raw = msgspec.Raw(b"null")
    """Read by its event's kind: those that are passed over may hold anything."""
    message: msgspec.Raw = msgspec.Raw(b"null")
    """Of an error that is not wrapped."""
