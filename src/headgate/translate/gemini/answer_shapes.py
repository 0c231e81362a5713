"""Answers of Gemini's format, whole and as events: an event is a body with a piece of the answer in it. All is open."""

import msgspec

from headgate.translate.decoding import ABSENT


class FunctionCall(msgspec.Struct, kw_only=True, rename="camel"):
    """A call of a tool; it comes in one piece."""

    name: str | None = None
    id: str | None = None
    args: msgspec.Raw = ABSENT
    partial_args: msgspec.Raw = ABSENT


class Part(msgspec.Struct, kw_only=True, rename="camel"):
    """A piece of the answer. What stands from `inline_data` on has no counterpart elsewhere."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: FunctionCall | None = None
    inline_data: msgspec.Raw = ABSENT
    file_data: msgspec.Raw = ABSENT
    function_response: msgspec.Raw = ABSENT
    executable_code: msgspec.Raw = ABSENT
    code_execution_result: msgspec.Raw = ABSENT
    tool_call: msgspec.Raw = ABSENT
    tool_response: msgspec.Raw = ABSENT


FOREIGN = (
    "inline_data",
    "file_data",
    "function_response",
    "executable_code",
    "code_execution_result",
    "tool_call",
    "tool_response",
)
"""Fields of a part that no other format can say."""


class Content(msgspec.Struct, kw_only=True, rename="camel"):
    """What a candidate says."""

    parts: list[Part] | None = None


class Candidate(msgspec.Struct, kw_only=True, rename="camel"):
    """One answer."""

    content: Content | None = None
    finish_reason: str | int | None = None
    """A number where a client of Google's binary protocol wrote it down."""
    finish_message: str | None = None
    index: int | None = None


class PromptFeedback(msgspec.Struct, kw_only=True, rename="camel"):
    """What a filter thinks of the prompt."""

    block_reason: str | int | None = None


class Body(msgspec.Struct, kw_only=True, rename="camel"):
    """A whole answer, or one event of a stream."""

    candidates: list[Candidate] | None = None
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: dict[str, object] | None = None
    model_version: str | None = None
    response_id: str | None = None
    error: msgspec.Raw = ABSENT
