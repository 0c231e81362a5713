"""Answers of OpenAI's chat completions format, whole and in chunks. All of it is open: operators add what they like."""

from typing import TypeAlias

import msgspec

from headgate.translate.decoding import ABSENT
from headgate.translate.openai_chat.request_shapes import ReasoningDetail, RefusalPart, ThinkingPart


class TextPart(msgspec.Struct, kw_only=True, tag="text"):
    """`{"type": "text"}`."""

    text: str = ""


ContentPart: TypeAlias = TextPart | RefusalPart | ThinkingPart


class CalledFunction(msgspec.Struct, kw_only=True):
    """In chunks either field may be missing."""

    name: str | None = None
    arguments: msgspec.Raw = ABSENT


class Call(msgspec.Struct, kw_only=True):
    """An entry of `tool_calls`. In chunks the later ones carry only the index."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: CalledFunction | None = None


class Audio(msgspec.Struct, kw_only=True):
    """Sound; Snowflake sends it empty with every text."""

    id: str | None = None
    data: str | None = None
    transcript: str | None = None


class Content(msgspec.Struct, kw_only=True):
    """A message, or a delta of one."""

    content: str | list[ContentPart] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[ReasoningDetail] | None = None
    tool_calls: list[Call] | None = None
    function_call: CalledFunction | None = None
    audio: Audio | None = None
    images: msgspec.Raw = ABSENT


class Choice(msgspec.Struct, kw_only=True):
    """One choice."""

    index: int | None = None
    message: Content | None = None
    delta: Content | None = None
    finish_reason: str | None = None


class Completion(msgspec.Struct, kw_only=True):
    """A body, or a chunk."""

    id: str | None = None
    model: str | None = None
    choices: list[Choice] | None = None
    usage: dict[str, object] | None = None
    error: msgspec.Raw = ABSENT
