"""Ends a stream of Cohere's chat format before its model does, or when it broke: see `translate/ending.py`."""

from typing import Final

import msgspec

from headgate.domain.usage import OUTPUT_UNITS, Unit, Usage
from headgate.translate.cohere_chat.follow_stream import CohereFollower
from headgate.translate.decoding import encode
from headgate.wire.sse import render_event

_OPENED: Final = {"content-start": "content-end", "tool-call-start": "tool-call-end"}
"""Events that begin something -> the one that ends it."""


class _Event(msgspec.Struct):
    """One event: only what is touched."""

    type: str = ""
    index: int = 0


_decode: Final = msgspec.json.Decoder(_Event).decode


class CohereEnding(CohereFollower):
    """Follows one stream."""

    def __init__(self, *, created: int) -> None:
        """Nothing has passed yet; `created` (epoch seconds) names an answer that has said nothing."""
        super().__init__()
        self._id = f"chat-{created}"
        self._begun = False
        self._open: dict[tuple[str, int], None] = {}
        self._stopped = False

    def finish(self, usage: Usage | None) -> bytes:
        """Close what is open, tell the finish reason and the usage."""
        if self.over or self._stopped:
            return b""
        self._stopped = True
        events: list[dict[str, object]] = []
        if not self._begun:
            message = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
            events.append({"type": "message-start", "id": self._id, "delta": {"message": message}})
        for kind, index in self._open:
            events.append({"type": kind, "index": index})
        events.append({"type": "message-end", "delta": {"finish_reason": "MAX_TOKENS", "usage": _usage(usage)}})
        return b"".join(map(_render, events))

    def _take(self, data: bytes) -> int:
        self._note(data)
        return super()._take(data)

    def _note(self, data: bytes) -> None:
        try:
            event = _decode(data)
        except msgspec.DecodeError:
            return
        if event.type == "message-start":
            self._begun = True
        elif event.type in _OPENED:
            self._open[_OPENED[event.type], event.index] = None
        else:
            self._open.pop((event.type, event.index), None)


def render_stream_error(message: str) -> bytes:
    """How an answer ends that broke off: the last event, with a failure as its finish reason."""
    return _render({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": message, "usage": {}}})


def _usage(usage: Usage | None) -> dict[str, object]:
    """What is billed; nothing where the input is not known."""
    if usage is None or not usage.quantities.keys() - OUTPUT_UNITS:
        return {}
    output = sum(count for unit, count in usage.quantities.items() if unit in OUTPUT_UNITS)
    read = sum(usage.quantities.get(unit, 0) for unit in (Unit.INPUT, Unit.INPUT_IMAGE))
    counts = {"input_tokens": read, "output_tokens": output}
    return {"billed_units": counts, "tokens": counts}


def _render(event: dict[str, object]) -> bytes:
    return render_event(encode(event, "event"), str(event["type"]))
