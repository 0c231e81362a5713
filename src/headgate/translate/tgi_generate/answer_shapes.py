"""Answers of Text Generation Inference's generate format, whole and as events. All of it is open.

Source: the server's OpenAPI document and its router.
"""

from typing import TypeAlias

import msgspec

from headgate.translate.decoding import ABSENT


class Details(msgspec.Struct, kw_only=True):
    """What was counted, and why it ended. `prefill` is in bodies, `input_length` in the last event of newer servers."""

    finish_reason: str | None = None
    generated_tokens: msgspec.Raw = ABSENT
    input_length: msgspec.Raw = ABSENT
    prefill: list[msgspec.Raw] | None = None


class Generation(msgspec.Struct, kw_only=True):
    """A body."""

    generated_text: str | None = None
    details: Details | None = None


Body: TypeAlias = Generation | list[Generation]
"""Hosted servers answer with a list of one."""


class Token(msgspec.Struct, kw_only=True):
    """One token; a special one (the end of the text) is no text."""

    text: str = ""
    special: bool = False


class StreamEvent(msgspec.Struct, kw_only=True):
    """One event: one token, and in the last one the whole text."""

    token: Token | None = None
    generated_text: str | None = None
    details: Details | None = None
    error: msgspec.Raw = ABSENT
