"""Listens to what a provider answers, for organizations that keep the text of their requests; changes nothing.

It stands around an answer's meter, which sees every byte, and reads the same bytes with a codec of its own. What that
cannot read is not kept: a call never fails for it.
"""

from collections.abc import Sequence
from typing import Any, Final

from headgate.domain.conversation import (
    Answer,
    Delta,
    Finished,
    RedactedThinkingArrived,
    SignatureDelta,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
    ToolCallDelta,
)
from headgate.domain.fold import fold
from headgate.domain.formats import Format
from headgate.translate.codec import AnswerParser, Meter, UntranslatableError
from headgate.translate.registry import provider_codec_for

MAX_CHARS: Final = 64 * 1024
"""Of an answer; what comes later is not kept."""


class Overhearing:
    """A meter that also remembers what was said."""

    def __init__(self, meter: Meter, format_: Format) -> None:
        """Stand around a meter; `format_` is what the provider speaks."""
        self._meter = meter
        self._format = format_
        self._parser: AnswerParser | None = None
        self._deltas: list[Delta] = []
        self._answer: Answer | None = None
        self._chars = 0
        self._deaf = False
        self.reading = meter.reading

    def read_body(self, body: bytes) -> None:
        """As `Meter.read_body`."""
        self._meter.read_body(body)
        try:
            self._answer = provider_codec_for(self._format).parse_answer(body)
        except (UntranslatableError, KeyError):
            self._deaf = True

    def feed(self, chunk: bytes) -> bytes:
        """As `Meter.feed`."""
        if not self._deaf:
            try:
                if self._parser is None:
                    self._parser = provider_codec_for(self._format).answer_parser()
                self._hear(self._parser.feed(chunk))
            except (UntranslatableError, KeyError):
                self._deaf = True
        return self._meter.feed(chunk)

    def finish(self) -> bytes:
        """As `Meter.finish`."""
        return self._meter.finish()

    def heard(self) -> dict[str, Any] | None:
        """What was said so far, as one message; None: nothing that could be read."""
        answer = self._answer or (fold(self._deltas) if self._deltas else None)
        return None if answer is None else _document(answer)

    def _hear(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            if isinstance(delta, SignatureDelta | RedactedThinkingArrived):
                continue
            if isinstance(delta, TextDelta | ThinkingDelta):
                self._chars += len(delta.text)
            elif isinstance(delta, ToolCallDelta):
                self._chars += len(delta.arguments)
            if self._chars <= MAX_CHARS or isinstance(delta, Finished):
                self._deltas.append(delta)


def _document(answer: Answer) -> dict[str, Any]:
    """The answer as one message: names are OpenAI's, for whoever shows it knows those."""
    texts = [part.text for part in answer.parts if isinstance(part, Text)]
    thoughts = [part.text for part in answer.parts if isinstance(part, Thinking)]
    calls = [
        {"id": part.id, "type": "function", "function": {"name": part.name, "arguments": part.arguments}}
        for part in answer.parts
        if isinstance(part, ToolCall)
    ]
    document: dict[str, Any] = {"role": "assistant", "content": "".join(texts)}
    if thoughts:
        document["thinking"] = "".join(thoughts)
    if calls:
        document["tool_calls"] = calls
    document["stop_reason"] = answer.stop_reason
    return document
