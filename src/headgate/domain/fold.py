"""A streamed answer, put together again."""

from collections.abc import Iterable

from headgate.domain.conversation import (
    Answer,
    AnswerPart,
    Delta,
    Failed,
    Finished,
    PartEnded,
    RedactedThinking,
    RedactedThinkingArrived,
    SignatureDelta,
    Started,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.domain.usage import Usage


def fold(deltas: Iterable[Delta]) -> Answer:
    """Put the pieces of a streamed answer together; parts stand in the order in which they began.

    A piece that says nothing begins no part, and one that belongs to no call that has begun is passed over.
    """
    folding = _Folding()
    for delta in deltas:
        folding.take(delta)
    return folding.answer()


class _OpenPart:
    """A part while it grows."""

    def __init__(self, begun: AnswerPart) -> None:
        self.begun = begun
        self.pieces: list[str] = []
        self.signature: list[str] = []

    def whole(self) -> AnswerPart:
        grown = "".join(self.pieces)
        match self.begun:
            case Text():
                return Text(text=grown)
            case Thinking():
                return Thinking(text=grown, signature="".join(self.signature) or None)
            case ToolCall(id=call_id, name=name):
                return ToolCall(id=call_id, name=name, arguments=grown)
            case RedactedThinking():
                return self.begun


class _Folding:
    """The state of `fold`."""

    def __init__(self) -> None:
        self._head = Started()
        self._parts: list[_OpenPart] = []
        self._calls: dict[int, _OpenPart] = {}
        self._current: _OpenPart | None = None
        self._usage: Usage | None = None
        self._finished: Finished | None = None
        self._failed: Failed | None = None

    def take(self, delta: Delta) -> None:
        match delta:
            case TextDelta(text=text) if text:
                self._continue(Text, Text(text="")).pieces.append(text)
            case ThinkingDelta(text=text) if text:
                self._continue(Thinking, Thinking(text="")).pieces.append(text)
            case SignatureDelta(signature=signature) if signature:
                self._continue(Thinking, Thinking(text="")).signature.append(signature)
            case ToolCallDelta(key=key, arguments=arguments):
                if key in self._calls:
                    self._calls[key].pieces.append(arguments)
            case _:
                self._take_rare(delta)

    def _take_rare(self, delta: Delta) -> None:
        match delta:
            case RedactedThinkingArrived(data=data):
                self._begin(RedactedThinking(data=data))
            case ToolCallStarted(key=key, id=call_id, name=name) if key not in self._calls:
                self._calls[key] = self._begin(ToolCall(id=call_id, name=name, arguments=""))
            case PartEnded(key=None):
                self._current = None
            case Started():
                self._head = delta
                self._usage = delta.usage or self._usage
            case UsageReported(usage=usage):
                self._usage = usage
            case Finished():
                self._finished = delta
            case Failed():
                self._failed = delta
            case _:
                pass

    def _continue(self, kind: type[Text | Thinking], begin: AnswerPart) -> _OpenPart:
        if self._current is not None and isinstance(self._current.begun, kind):
            return self._current
        return self._begin(begin)

    def _begin(self, part: AnswerPart) -> _OpenPart:
        self._current = _OpenPart(part)
        self._parts.append(self._current)
        return self._current

    def answer(self) -> Answer:
        finished = self._finished
        return Answer(
            id=self._head.id,
            model=self._head.model,
            parts=tuple(part.whole() for part in self._parts),
            stop_reason=finished.stop_reason if finished else None,
            stop_sequence=finished.stop_sequence if finished else None,
            usage=self._usage,
            failure=self._failed.message if self._failed else None,
        )
