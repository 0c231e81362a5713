"""Deltas -> streamed answer of OpenAI's Responses format.

    BEGIN --first delta--> OPEN --finish()--> ENDED
      response.created,      every item done, response.completed or response.incomplete
      response.in_progress
    BEGIN, OPEN --Failed--> ENDED: the error event, so that no client takes the answer for whole

Every event names its item, so that calls of tools may grow side by side. A text and a thought grow one at a time: each
ends where another part begins. Texts that follow each other are parts of one message, as in `render_answer`.
"""

from enum import Enum, auto

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    PartEnded,
    RedactedThinkingArrived,
    SignatureDelta,
    Started,
    StopReason,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.domain.usage import Usage
from headgate.translate.decoding import encode
from headgate.translate.openai_responses.growing import Call, Event, Growing, MessageItem, Thought, added, done
from headgate.translate.openai_responses.render_answer import (
    ended,
    item_id,
    name_of_response,
    reasoning_item,
    response_head,
)
from headgate.translate.openai_responses.stop_reasons import COMPLETED, render_status
from headgate.translate.signatures import hidden_to_responses, to_responses
from headgate.wire.sse import render_event


class _State(Enum):
    BEGIN = auto()
    OPEN = auto()
    ENDED = auto()


def render_stream_error(message: str, code: str) -> bytes:
    """The error event that ends a stream, in the format's own words and in those that SDKs raise."""
    error = {"type": "upstream_error", "code": code, "message": message, "param": None}
    event = {"type": "error", "code": code, "message": message, "param": None, "error": error}
    return render_event(encode(event, "error"), "error")


class ResponsesStreamRenderer:
    """Writes one stream."""

    def __init__(self, *, created: int) -> None:
        """`created` is epoch seconds."""
        self._created = created
        self._state = _State.BEGIN
        self._head: Event = {}
        self._id = name_of_response(created)
        self._sequence = 0
        self._output: list[Event | None] = []
        """Items that are done; None: one that still grows."""
        self._speech: MessageItem | Thought | None = None
        """The text or thought that grows."""
        self._signature: list[str] = []
        self._calls: dict[int, Call] = {}
        self._usage: Usage | None = None
        self._finished: Finished | None = None

    def feed(self, delta: Delta) -> bytes:
        """Write one delta."""
        if self._state is _State.ENDED:
            return b""
        match delta:
            case UsageReported(usage=usage):
                self._usage = usage
                return b""
            case Finished():
                self._finished = delta
                return b""
            case Failed(message=message, error_type=error_type):
                self._state = _State.ENDED
                return render_stream_error(message, error_type or "upstream_broken")
            case Started():
                return self._begin(delta)
            case _:
                return self._begin(Started()) + self._write(self._content(delta))

    def finish(self) -> bytes:
        """Close what is open. An answer that was cut ends as one that ran out of tokens."""
        if self._state is _State.ENDED:
            return b""
        reason = self._finished.stop_reason if self._finished else StopReason.MAX_TOKENS
        status, missing = render_status(reason)
        ending = self._begin(Started())
        ending += self._write([*self._end_speech(status), *self._end_calls(status)])
        self._state = _State.ENDED
        response = ended(self._head, status, missing, self._output, self._usage)
        return ending + self._write([{"type": f"response.{status}", "response": response}])

    def _begin(self, head: Started) -> bytes:
        if self._state is not _State.BEGIN:
            return b""
        self._state = _State.OPEN
        self._usage = head.usage or self._usage
        self._id = head.id or self._id
        self._head = response_head(self._id, created=self._created, model=head.model)
        kinds = ("response.created", "response.in_progress")
        return self._write([{"type": kind, "response": self._head} for kind in kinds])

    def _content(self, delta: Delta) -> list[Event]:
        match delta:
            case TextDelta(text=text) if text:
                return self._speak(MessageItem, text)
            case ThinkingDelta(text=text) if text:
                return self._speak(Thought, text)
            case SignatureDelta(signature=signature) if signature:
                begun = self._turn_to(Thought)
                self._signature.append(signature)
                return begun
            case RedactedThinkingArrived(data=data):
                return [*self._end_speech(), *self._hidden(data)]
            case ToolCallStarted() | ToolCallDelta():
                return self._call(delta)
            case PartEnded(key=None):
                if isinstance(self._speech, MessageItem):
                    return self._speech.end_part()
                return self._end_speech()
            case PartEnded(key=int(key)) if key in self._calls:
                return self._end_call(self._calls[key])
            case _:
                return []

    def _speak(self, kind: type[MessageItem | Thought], text: str) -> list[Event]:
        begun = self._turn_to(kind)
        assert self._speech is not None
        return [*begun, *self._speech.grow(text)]

    def _turn_to(self, kind: type[MessageItem | Thought]) -> list[Event]:
        """Go on with what grows, if it is of this kind; else end it, and begin another."""
        if isinstance(self._speech, kind):
            return []
        before = self._end_speech()
        place = self._next_place()
        self._speech = kind(item_id(kind.prefix, self._id, place), place)
        return [*before, *self._speech.begin()]

    def _end_speech(self, status: str = COMPLETED) -> list[Event]:
        speech, self._speech = self._speech, None
        if isinstance(speech, Thought):
            signature, self._signature = "".join(self._signature), []
            speech.encrypted = to_responses(signature) if signature else None
        return [] if speech is None else self._end(speech, self._status_at(speech.place, status))

    def _hidden(self, data: str) -> list[Event]:
        place = self._next_place()
        own_id = item_id(Thought.prefix, self._id, place)
        item = self._output[place] = reasoning_item(own_id, "", hidden_to_responses(data))
        return [added(place, reasoning_item(own_id, "", None)), done(place, item)]

    def _call(self, delta: ToolCallStarted | ToolCallDelta) -> list[Event]:
        if isinstance(delta, ToolCallStarted):
            if delta.key in self._calls:
                return []
            before = self._end_speech()
            place = self._next_place()
            call = self._calls[delta.key] = Call(item_id(Call.prefix, self._id, place), place, delta.id, delta.name)
            return [*before, *call.begin()]
        known = self._calls.get(delta.key)
        if known is None or known.is_done or not delta.arguments:
            return []
        return known.grow(delta.arguments)

    def _end_call(self, call: Call, status: str = COMPLETED) -> list[Event]:
        return [] if call.is_done else self._end(call, self._status_at(call.place, status))

    def _end_calls(self, status: str) -> list[Event]:
        return [event for call in self._calls.values() for event in self._end_call(call, status)]

    def _end(self, growing: Growing, status: str) -> list[Event]:
        events = growing.end(status)
        self._output[growing.place] = growing.item(status)
        return events

    def _status_at(self, place: int, status: str) -> str:
        """Only the last item is one that was cut."""
        return status if place == len(self._output) - 1 else COMPLETED

    def _next_place(self) -> int:
        self._output.append(None)
        return len(self._output) - 1

    def _write(self, events: list[Event]) -> bytes:
        written: list[bytes] = []
        for event in events:
            numbered = {**event, "sequence_number": self._sequence}
            self._sequence += 1
            written.append(render_event(encode(numbered, "event"), str(event["type"])))
        return b"".join(written)
