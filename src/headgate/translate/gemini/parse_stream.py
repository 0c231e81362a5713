"""Streamed answer of Gemini's format -> deltas."""

from headgate.domain.conversation import Delta
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode
from headgate.translate.gemini.answer_shapes import Body
from headgate.translate.gemini.read_answer import AnswerReader
from headgate.wire.sse import EventSplitter, parse_event


class GeminiStreamParser:
    """Reads one stream of server-sent events, which is what we ask for. It has no last event: its end is the end."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._events = EventSplitter()
        self._reader = AnswerReader()

    def feed(self, chunk: bytes) -> list[Delta]:
        """Read bytes in any cut.

        Raises:
            UntranslatableError: naming the field of the event.
        """
        deltas: list[Delta] = []
        for raw in self._events.feed(chunk):
            deltas += self._event(raw)
        return deltas

    def finish(self) -> list[Delta]:
        """The stream ended: an event without a blank line behind it still counts; an answer without an end failed."""
        try:
            deltas = self._event(self._events.finish())
        except UntranslatableError:
            deltas = []  # Half an event is none.
        return [*deltas, *self._reader.finish()]

    def _event(self, raw: bytes) -> list[Delta]:
        data = parse_event(raw).data
        return self._reader.read(decode(data, Body, "")) if data else []
