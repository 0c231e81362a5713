"""Streamed answer of Ollama's chat format -> deltas."""

from typing import Final

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    PartEnded,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode, is_given
from headgate.translate.error_message import error_message
from headgate.translate.ollama_chat import answer_shapes as shapes
from headgate.translate.ollama_chat.parse_answer import read_call, usage_of_chat
from headgate.translate.ollama_chat.stop_reasons import parse_stop_reason
from headgate.wire.ndjson import LineSplitter

_BROKE_OFF: Final = "The answer broke off before its end."


class OllamaStreamParser:
    """Reads one stream."""

    def __init__(self) -> None:
        self._lines = LineSplitter()
        self._started = False
        self._calls = 0
        self._finished = False
        self._failed = False

    def feed(self, chunk: bytes) -> list[Delta]:
        """Read bytes in any cut.

        Raises:
            UntranslatableError: naming the field of the line.
        """
        deltas: list[Delta] = []
        for raw in self._lines.feed(chunk):
            deltas += self._line(raw)
        return deltas

    def finish(self) -> list[Delta]:
        """The stream ended: a line without a break behind it still counts; an answer without an end failed."""
        try:
            deltas = self._line(self._lines.finish())
        except UntranslatableError:
            deltas = []  # Half a line is none.
        if not self._finished and not self._failed:
            deltas.append(Failed(message=_BROKE_OFF))
        return deltas

    def _line(self, raw: bytes) -> list[Delta]:
        if self._failed or self._finished or not raw.strip():
            return []
        chat = decode(raw, shapes.Chat, "")
        if is_given(chat.error):
            self._failed = True
            return [Failed(message=error_message(200, raw))]
        deltas = self._start(chat)
        if chat.message is not None:
            deltas += self._content(chat.message)
        if chat.done:
            self._finished = True
            usage = usage_of_chat(chat)
            deltas += [UsageReported(usage=usage)] if usage is not None else []
            reason = parse_stop_reason(chat.done_reason, has_calls=bool(self._calls))
            deltas.append(Finished(stop_reason=reason))
        return deltas

    def _start(self, chat: shapes.Chat) -> list[Delta]:
        if self._started:
            return []
        self._started = True
        return [Started(model=chat.model or "")]

    def _content(self, message: shapes.Message) -> list[Delta]:
        deltas: list[Delta] = []
        if message.thinking:
            deltas.append(ThinkingDelta(text=message.thinking))
        if message.content:
            deltas.append(TextDelta(text=message.content))
        for call in message.tool_calls or ():
            read = read_call(call, self._calls, "message")
            key = self._calls
            self._calls += 1
            deltas.append(ToolCallStarted(key=key, id=read.id, name=read.name))
            deltas += [ToolCallDelta(key=key, arguments=read.arguments)] if read.arguments else []
            deltas.append(PartEnded(key=key))
        return deltas
