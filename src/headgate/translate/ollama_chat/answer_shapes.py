"""Answers of Ollama's chat format, whole and in lines: both have one shape. All of it is open.

Source: Ollama's reference of `POST /api/chat`, and recorded traffic.
"""

import msgspec

from headgate.translate.decoding import ABSENT


class CalledFunction(msgspec.Struct, kw_only=True):
    """Arguments are the object itself, and come whole."""

    name: str | None = None
    arguments: msgspec.Raw = ABSENT


class Call(msgspec.Struct, kw_only=True):
    """An entry of `tool_calls`; only newer servers give an id."""

    id: str | None = None
    function: CalledFunction | None = None


class Message(msgspec.Struct, kw_only=True):
    """What the model said, or more of it."""

    content: str | None = None
    thinking: str | None = None
    tool_calls: list[Call] | None = None


class Chat(msgspec.Struct, kw_only=True):
    """A body, or a line."""

    model: str | None = None
    message: Message | None = None
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: msgspec.Raw = ABSENT
    eval_count: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT
