"""The translators' common form: what is asked, what is answered, and an answer in pieces.

It holds what at least two formats can say. JSON that nobody here looks into (schemas, arguments of tools) is kept as
its text, so that a number in it is the number that was sent. None always means "not given".
"""

from enum import StrEnum
from typing import TypeAlias

import msgspec

from headgate.domain.usage import Usage


class Role(StrEnum):
    """Who speaks."""

    USER = "user"
    """The caller, and the results of the caller's tools."""
    ASSISTANT = "assistant"
    SYSTEM = "system"
    """Instructions that come after the conversation began; those before it are `Conversation.system`."""


class CacheHint(StrEnum):
    """Ends a prefix that the provider may cache; the value is its lifetime."""

    FIVE_MINUTES = "5m"
    ONE_HOUR = "1h"


class Text(msgspec.Struct, frozen=True, kw_only=True, tag="text"):
    """Visible text."""

    text: str
    cache: CacheHint | None = None


class Base64Source(msgspec.Struct, frozen=True, kw_only=True, tag="base64"):
    """Bytes inside the body."""

    media_type: str
    data: str


class UrlSource(msgspec.Struct, frozen=True, kw_only=True, tag="url"):
    """Bytes that the provider fetches."""

    url: str


class TextSource(msgspec.Struct, frozen=True, kw_only=True, tag="text"):
    """A document that is plain text."""

    text: str


class Image(msgspec.Struct, frozen=True, kw_only=True, tag="image"):
    """A picture to look at."""

    source: Base64Source | UrlSource
    detail: str | None = None
    """OpenAI's resolution knob: `low`, `high`, `auto`."""
    cache: CacheHint | None = None


class Document(msgspec.Struct, frozen=True, kw_only=True, tag="document"):
    """A file to read."""

    source: Base64Source | UrlSource | TextSource
    title: str | None = None
    cache: CacheHint | None = None


class Thinking(msgspec.Struct, frozen=True, kw_only=True, tag="thinking"):
    """What the model thought before it spoke."""

    text: str
    signature: str | None = None
    """Lets the provider that wrote it trust it when it comes back."""


class RedactedThinking(msgspec.Struct, frozen=True, kw_only=True, tag="redacted_thinking"):
    """Thinking that only its provider can read."""

    data: str


class ToolCall(msgspec.Struct, frozen=True, kw_only=True, tag="tool_call"):
    """The model asks the caller to run a tool."""

    id: str
    name: str
    arguments: str
    """JSON text as the model wrote it: an object, unless the answer was cut short. Empty means no arguments."""
    cache: CacheHint | None = None


class ToolResult(msgspec.Struct, frozen=True, kw_only=True, tag="tool_result"):
    """What the caller's tool said; stands in a message of the user."""

    call_id: str
    content: tuple[Text | Image | Document, ...]
    is_error: bool = False
    cache: CacheHint | None = None


Part: TypeAlias = Text | Image | Document | Thinking | RedactedThinking | ToolCall | ToolResult
"""A piece of a message."""
AnswerPart: TypeAlias = Text | Thinking | RedactedThinking | ToolCall
"""A piece of an answer."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One turn, or a part of one: neighbours may have the same role."""

    role: Role
    parts: tuple[Part, ...]


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A function of the caller that the model may call."""

    name: str
    description: str | None = None
    parameters: str | None = None
    """JSON Schema of an object, as JSON text."""
    strict: bool | None = None
    cache: CacheHint | None = None


class ToolChoiceKind(StrEnum):
    """How free the model is."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"
    """At least one tool, whichever."""
    NAMED = "named"


class ToolChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Whether and which tool must be called."""

    kind: ToolChoiceKind
    name: str | None = None
    """Set exactly when the kind is NAMED."""


class JsonSchemaFormat(msgspec.Struct, frozen=True, kw_only=True, tag="json_schema"):
    """The visible text must be JSON of this shape."""

    schema: str
    """JSON Schema, as JSON text."""
    name: str | None = None
    description: str | None = None
    strict: bool | None = None


class JsonFormat(msgspec.Struct, frozen=True, kw_only=True, tag="json_object"):
    """The visible text must be some JSON object."""


class Reasoning(msgspec.Struct, frozen=True, kw_only=True):
    """How much the model should think. At most one of the two figures is usually given."""

    enabled: bool | None = None
    effort: str | None = None
    """`minimal`, `low`, `medium`, `high`, `xhigh` or `max`."""
    budget_tokens: int | None = None


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """One request, whatever the format it came in."""

    model: str | None = None
    """As the caller wrote it; what is sent is an argument of the renderer."""
    system: tuple[Text, ...] = ()
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    """Thinking included."""
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: tuple[str, ...] = ()
    response_format: JsonSchemaFormat | JsonFormat | None = None
    reasoning: Reasoning | None = None
    stream: bool = False
    include_usage: bool = False
    """The caller of a stream asked for usage; formats that always send it set it with `stream`."""
    user: str | None = None
    cache: CacheHint | None = None
    """Cache as much of the request as possible."""


class StopReason(StrEnum):
    """Why the model stopped."""

    END_TURN = "end_turn"
    MAX_TOKENS = "max_tokens"
    CONTEXT_FULL = "context_full"
    TOOL_USE = "tool_use"
    STOP_SEQUENCE = "stop_sequence"
    REFUSAL = "refusal"
    """The model or a filter declined."""
    PAUSE_TURN = "pause_turn"
    """A long turn was interrupted; sending the answer back continues it."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One whole answer."""

    id: str = ""
    model: str = ""
    """As the provider reported it."""
    parts: tuple[AnswerPart, ...] = ()
    stop_reason: StopReason | None = None
    """None: it broke off."""
    stop_sequence: str | None = None
    usage: Usage | None = None
    failure: str | None = None
    """What the provider said when it failed in the middle of a stream."""


class Started(msgspec.Struct, frozen=True, kw_only=True, tag="started"):
    """The provider began to answer."""

    id: str = ""
    model: str = ""
    usage: Usage | None = None
    """What is known of the input by now."""


class TextDelta(msgspec.Struct, frozen=True, kw_only=True, tag="text"):
    """More visible text. It continues the last part if that is text and has not ended, else it begins one."""

    text: str


class ThinkingDelta(msgspec.Struct, frozen=True, kw_only=True, tag="thinking"):
    """More thinking. It continues the last part if that is thinking and has not ended, else it begins one."""

    text: str


class SignatureDelta(msgspec.Struct, frozen=True, kw_only=True, tag="signature"):
    """More of the signature of the thinking that is open; begins an empty one if none is."""

    signature: str


class RedactedThinkingArrived(msgspec.Struct, frozen=True, kw_only=True, tag="redacted_thinking"):
    """A whole part of thinking that only its provider can read."""

    data: str


class ToolCallStarted(msgspec.Struct, frozen=True, kw_only=True, tag="tool_call_started"):
    """A tool call begins; several may be open at once."""

    key: int
    """Names the call among those of this answer, in any numbering."""
    id: str
    name: str


class ToolCallDelta(msgspec.Struct, frozen=True, kw_only=True, tag="tool_call"):
    """More of the arguments of a call that has begun."""

    key: int
    arguments: str


class PartEnded(msgspec.Struct, frozen=True, kw_only=True, tag="part_ended"):
    """A part is complete."""

    key: int | None = None
    """The tool call; None: the text or thinking that came last."""


class UsageReported(msgspec.Struct, frozen=True, kw_only=True, tag="usage"):
    """Usage so far; replaces what was reported before."""

    usage: Usage


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """The model stopped. Usage may still follow."""

    stop_reason: StopReason
    stop_sequence: str | None = None


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """The provider failed in the middle, or the stream broke off. Nothing follows."""

    message: str
    error_type: str | None = None
    """The provider's word for the kind of error."""


Delta: TypeAlias = (
    Started
    | TextDelta
    | ThinkingDelta
    | SignatureDelta
    | RedactedThinkingArrived
    | ToolCallStarted
    | ToolCallDelta
    | PartEnded
    | UsageReported
    | Finished
    | Failed
)
"""A piece of a streamed answer."""
