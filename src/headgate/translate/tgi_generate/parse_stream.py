"""Streamed answer of Text Generation Inference's generate format -> deltas."""

from typing import Final

from headgate.domain.conversation import Delta, Failed, Finished, Started, TextDelta, UsageReported
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode, is_given
from headgate.translate.error_message import error_message
from headgate.translate.tgi_generate import answer_shapes as shapes
from headgate.translate.tgi_generate.stop_reasons import parse_stop_reason
from headgate.translate.tgi_generate.usage import tgi_usage
from headgate.wire.sse import EventSplitter, parse_event

_BROKE_OFF: Final = "The answer broke off before its end."


class TgiStreamParser:
    """Reads one stream."""

    def __init__(self) -> None:
        self._events = EventSplitter()
        self._said: list[str] = []
        self._started = False
        self._finished = False
        self._failed = False

    def feed(self, chunk: bytes) -> list[Delta]:
        """Read bytes in any cut.

        Raises:
            UntranslatableError: naming the field of the event.
        """
        deltas: list[Delta] = []
        for raw in self._events.feed(chunk):
            deltas += self._event(parse_event(raw).data)
        return deltas

    def finish(self) -> list[Delta]:
        """The stream ended: an event without a blank line behind it still counts; an answer without an end failed."""
        try:
            deltas = self._event(parse_event(self._events.finish()).data)
        except UntranslatableError:
            deltas = []  # Half an event is none.
        if not self._finished and not self._failed:
            deltas.append(Failed(message=_BROKE_OFF))
        return deltas

    def _event(self, data: bytes) -> list[Delta]:
        if self._failed or self._finished or not data.strip():
            return []
        event = decode(data, shapes.StreamEvent, "")
        if is_given(event.error):
            self._failed = True
            return [Failed(message=error_message(200, data))]
        deltas: list[Delta] = [] if self._started else [Started()]
        self._started = True
        token = event.token
        if token is not None and token.text and not token.special:
            self._said.append(token.text)
            deltas.append(TextDelta(text=token.text))
        return deltas if event.generated_text is None else [*deltas, *self._end(event, event.generated_text)]

    def _end(self, event: shapes.StreamEvent, whole: str) -> list[Delta]:
        self._finished = True
        deltas: list[Delta] = []
        said = "".join(self._said)
        if len(said) < len(whole) and whole.startswith(said):
            # A character whose bytes lie in several tokens is only in the whole text.
            deltas.append(TextDelta(text=whole[len(said) :]))
        usage = tgi_usage(event.details)
        deltas += [UsageReported(usage=usage)] if usage is not None else []
        reason = event.details.finish_reason if event.details is not None else None
        return [*deltas, Finished(stop_reason=parse_stop_reason(reason))]
