"""The two things that are known about a wire format: how to read what an answer cost, and how to translate it.

A `Meter` reads usage while bytes pass through unchanged; it is all that a same-format call needs. A `Codec` turns a
body into the common conversation form and back; two codecs meet there, so a new format is one new codec. Both are
built per attempt, do no I/O, and know no clock, setting or credential.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from headgate.domain.conversation import Answer, Conversation, Delta
from headgate.domain.usage import Usage


class Reading(msgspec.Struct):
    """What an answer said about itself. Filled in by a meter as it reads."""

    usage: Usage | None = None
    """Disjoint buckets; None: the provider reported nothing."""
    response_model: str | None = None
    kept_id: str | None = None
    """What the provider calls its answer, where it keeps it to be asked for again."""
    finish_reason: str | None = None
    """As the wire has it."""
    service_tier: str | None = None
    """Only a tier that changes the price (`flex`, `priority`, `batch`, ...); None for the default one."""
    reported_cost: Decimal | None = None
    """USD that the provider says it charged."""
    countless: bool = False
    """Answers of this format never say what they used: of a model that is free, nothing is missing."""
    has_content: bool = False
    """Content (or a tool call, or thinking) has been seen: from here on a fallback would mix answers."""
    complete: bool = False
    """The format's own end was seen ([DONE], message_stop, a finish reason, or a whole body)."""
    ended: bool = False
    """The last event was seen ([DONE], message_stop): a client now has what it takes for a whole answer."""
    error: str | None = None
    """Message of an error event inside a stream that began well."""


class Meter(Protocol):
    """Reads one answer while it passes."""

    reading: Reading

    def read_body(self, body: bytes) -> None:
        """Read a whole successful body. Never raises: what cannot be read leaves `reading.usage` None."""
        ...

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes of a stream as they came; give the bytes for the client, complete events only, unchanged.

        What a call returns may lag behind what it took, and leaves out events that only we asked for (the usage chunk).
        """
        ...

    def finish(self) -> bytes:
        """The stream ended: give what is left."""
        ...


class AnswerParser(Protocol):
    """Streamed answer on the wire -> deltas."""

    def feed(self, chunk: bytes) -> list[Delta]:
        """Bytes in any cut, complete deltas out.

        Raises:
            UntranslatableError: the event cannot be represented.
        """
        ...

    def finish(self) -> list[Delta]:
        """The stream ended."""
        ...


class AnswerRenderer(Protocol):
    """Deltas -> streamed answer on the wire; a state machine that cannot emit an illegal order."""

    def feed(self, delta: Delta) -> bytes:
        """Render one delta (possibly to nothing, possibly to several events)."""
        ...

    def finish(self) -> bytes:
        """Close everything that is open, with a valid ending."""
        ...


class UntranslatableError(Exception):
    """Something in a body has no counterpart in the other format."""

    def __init__(self, field: str, reason: str) -> None:
        """`field` is a path like `messages[2].content[0]`; `reason` says what to do instead."""
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class ProviderCodec(Protocol):
    """What is said to a provider, and what it answers: all that there is of a format that no client speaks here."""

    def render_request(
        self, conversation: Conversation, *, model: str, default_max_tokens: int, ask_for_usage: bool = True
    ) -> bytes:
        """Conversation -> request body for the upstream `model`.

        `default_max_tokens` is used by formats that insist on a limit when the caller gave none. A streamed request
        asks for usage where the format needs asking, unless `ask_for_usage` is False: some operators of the format
        refuse the question, and answer it anyway.

        Raises:
            UntranslatableError: naming the field of the conversation.
        """
        ...

    def parse_answer(self, body: bytes) -> Answer:
        """Successful body -> answer.

        Raises:
            UntranslatableError: malformed, or with content that has no counterpart.
        """
        ...

    def answer_parser(self) -> AnswerParser:
        """A fresh parser for one streamed answer."""
        ...

    def parse_error(self, status: int, body: bytes) -> str:
        """The provider's message out of an error body, whatever its shape; never raises."""
        ...


class Codec(ProviderCodec, Protocol):
    """One wire format, both directions: it has a door."""

    def parse_request(self, fields: Mapping[str, msgspec.Raw]) -> Conversation:
        """Request body (decoded at its top level only) -> conversation.

        Raises:
            UntranslatableError: naming the field.
        """
        ...

    def render_answer(self, answer: Answer, *, created: int) -> bytes:
        """Answer -> body. `created` is epoch seconds, for formats that carry it.

        Raises:
            UntranslatableError: the answer is a fragment, or a call of a tool in it is.
        """
        ...

    def answer_renderer(self, *, created: int, include_usage: bool) -> AnswerRenderer:
        """A fresh renderer for one streamed answer. `include_usage`: the client asked, where one has to ask."""
        ...

    def render_stream_error(self, message: str, code: str) -> bytes:
        """The format's own error event, for a stream that breaks after it began: no client may take it for whole."""
        ...
