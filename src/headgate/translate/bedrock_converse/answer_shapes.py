"""Answers of Bedrock's Converse format, whole and as events. All of it is open: fields are added now and then.

Source: the service model of AWS's SDKs, and recorded traffic. A block is a union without a tag: the one member that is
there says its kind.
"""

import msgspec

from headgate.translate.decoding import ABSENT


class ReasoningText(msgspec.Struct, kw_only=True, rename="camel"):
    """A thought; Claude signs it."""

    text: str = ""
    signature: str | None = None


class Reasoning(msgspec.Struct, kw_only=True, rename="camel"):
    """One of the two."""

    reasoning_text: ReasoningText | None = None
    redacted_content: str | None = None


class ToolUse(msgspec.Struct, kw_only=True, rename="camel"):
    """A call; in events without its input."""

    tool_use_id: str
    name: str
    input: msgspec.Raw = ABSENT
    type: str = "tool_use"
    """`server_tool_use`: the provider runs it itself."""


class CitedText(msgspec.Struct, kw_only=True):
    """A piece of text that cites documents."""

    text: str = ""


class Cited(msgspec.Struct, kw_only=True):
    """Text with citations."""

    content: list[CitedText] = []


class Block(msgspec.Struct, kw_only=True, rename="camel"):
    """A block of an answer; the members that no other format has are only noticed."""

    text: str | None = None
    reasoning_content: Reasoning | None = None
    tool_use: ToolUse | None = None
    citations_content: Cited | None = None
    tool_result: msgspec.Raw = ABSENT
    image: msgspec.Raw = ABSENT
    audio: msgspec.Raw = ABSENT
    video: msgspec.Raw = ABSENT
    document: msgspec.Raw = ABSENT


class Message(msgspec.Struct, kw_only=True):
    """What the model said."""

    content: list[Block] = []


class Output(msgspec.Struct, kw_only=True):
    """A union with one member."""

    message: Message | None = None


class ResponseFields(msgspec.Struct, kw_only=True):
    """`additionalModelResponseFields`: what a request asked for."""

    stop_sequence: str | None = None


class Converse(msgspec.Struct, kw_only=True, rename="camel"):
    """A body."""

    output: Output
    stop_reason: str | None = None
    usage: dict[str, object] | None = None
    additional_model_response_fields: msgspec.Raw = ABSENT


class ReasoningDelta(msgspec.Struct, kw_only=True, rename="camel"):
    """More of a thought."""

    text: str | None = None
    signature: str | None = None
    redacted_content: str | None = None


class ToolUseDelta(msgspec.Struct, kw_only=True):
    """More of a call's input, as text."""

    input: str = ""


class Delta(msgspec.Struct, kw_only=True, rename="camel"):
    """More of a block."""

    text: str | None = None
    reasoning_content: ReasoningDelta | None = None
    tool_use: ToolUseDelta | None = None
    citation: msgspec.Raw = ABSENT
    tool_result: msgspec.Raw = ABSENT
    image: msgspec.Raw = ABSENT


class Start(msgspec.Struct, kw_only=True, rename="camel"):
    """The beginning of a block that is not text."""

    tool_use: ToolUse | None = None
    tool_result: msgspec.Raw = ABSENT
    image: msgspec.Raw = ABSENT


class StreamEvent(msgspec.Struct, kw_only=True, rename="camel"):
    """Payload of any frame; which fields are set depends on its kind."""

    content_block_index: int = 0
    start: Start | None = None
    delta: Delta | None = None
    stop_reason: str | None = None
    usage: dict[str, object] | None = None
    additional_model_response_fields: msgspec.Raw = ABSENT
