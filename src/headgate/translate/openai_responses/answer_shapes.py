"""Answers of OpenAI's Responses format, whole and as events. All of it is open: operators add what they like."""

from typing import Final

import msgspec

from headgate.translate.decoding import ABSENT
from headgate.translate.openai_responses.request_shapes import Thought


class ContentPart(msgspec.Struct, kw_only=True):
    """A part of a message: `output_text` or `refusal`."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None


class Item(msgspec.Struct, kw_only=True):
    """An entry of `output`; which fields are set depends on the type."""

    type: str = ""
    id: str | None = None
    content: list[ContentPart] | None = None
    summary: list[Thought] | None = None
    encrypted_content: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None


class IncompleteDetails(msgspec.Struct, kw_only=True):
    """Why an answer ends before its end."""

    reason: str | None = None


class Response(msgspec.Struct, kw_only=True):
    """A body, or what an event says of the answer as a whole."""

    id: str | None = None
    model: str | None = None
    status: str | None = None
    output: list[msgspec.Raw] | None = None
    incomplete_details: IncompleteDetails | None = None
    usage: dict[str, object] | None = None
    tool_usage: dict[str, object] | None = None
    error: msgspec.Raw = ABSENT


class Event(msgspec.Struct, kw_only=True):
    """One event."""

    type: str = ""
    response: Response | None = None
    item: msgspec.Raw = ABSENT
    output_index: int | None = None
    content_index: int | None = None
    summary_index: int | None = None
    delta: msgspec.Raw = ABSENT
    arguments: str | None = None
    error: msgspec.Raw = ABSENT
    code: str | None = None


MESSAGE: Final = "message"
REASONING: Final = "reasoning"
FUNCTION_CALL: Final = "function_call"
