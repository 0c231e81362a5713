"""Ends a stream of OpenAI's Responses format before its model does: see `translate/ending.py`.

At its end such a stream says everything again: each item as a whole, and then all of them. So what passes is kept.
"""

import contextlib
from typing import Final

import msgspec

from headgate.domain.usage import Usage
from headgate.translate.decoding import ABSENT, encode
from headgate.translate.openai_responses.growing import Event, done, of_part
from headgate.translate.openai_responses.render_answer import (
    ended,
    name_of_response,
    response_head,
    text_part,
    thought_part,
)
from headgate.translate.openai_responses.stop_reasons import INCOMPLETE
from headgate.wire.sse import EventSplitter, parse_event, render_event

ITEM_TOKENS: Final = 16
"""More than what stands around an item or a call and is not seen."""
_BEGINNINGS: Final = ("response.created", "response.in_progress")
_ENDS: Final = frozenset({"response.completed", "response.incomplete", "response.failed", "error"})
_ARGUMENTS: Final = "response.function_call_arguments.delta"
_OF_PART: Final = {
    "output_text": "response.output_text.delta",
    "refusal": "response.refusal.delta",
    "reasoning_text": "response.reasoning_text.delta",
    "summary_text": "response.reasoning_summary_text.delta",
}
"""Type of a part -> what it grows by."""
_GROWING: Final = frozenset({_ARGUMENTS, *_OF_PART.values()})
_PARTS_BEGIN: Final = frozenset({"response.content_part.added", "response.reasoning_summary_part.added"})
_KNOWN_ITEMS: Final = frozenset({"message", "reasoning", "function_call"})
"""Of others (what a tool of the provider found, say) every byte counts."""


class _Part(msgspec.Struct):
    type: str = ""


class _Event(msgspec.Struct):
    """One event: only what is touched."""

    type: str = ""
    sequence_number: int = 0
    output_index: int = 0
    content_index: int = 0
    summary_index: int = 0
    response: msgspec.Raw = ABSENT
    item: msgspec.Raw = ABSENT
    part: _Part | None = None
    delta: msgspec.Raw = ABSENT

    @property
    def index(self) -> int:
        """Of the part."""
        return self.summary_index if "summary" in self.type else self.content_index


class _Item(msgspec.Struct):
    type: str = ""
    id: str = ""
    name: str = ""
    encrypted_content: str | None = None


_decode: Final = msgspec.json.Decoder(_Event).decode
_decode_item: Final = msgspec.json.Decoder(_Item).decode
_decode_head: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_text: Final = msgspec.json.Decoder(str).decode


class _Open:
    """An item that has begun and is not done."""

    def __init__(self, announced: dict[str, msgspec.Raw], known: _Item) -> None:
        self.announced = announced
        self.known = known
        self.parts: dict[tuple[str, int], list[str]] = {}
        """(kind of event, index of the part) -> what it has grown by."""
        self.told: set[tuple[str, int]] = set()
        """Ends of parts that were told: (kind of event, index of the part)."""
        if known.type == "function_call":
            self.grow(_ARGUMENTS, 0, "")

    def grow(self, kind: str, part: int, text: str) -> None:
        self.parts.setdefault((kind, part), []).append(text)


class ResponsesEnding:
    """Follows one stream."""

    def __init__(self, *, created: int, model: str) -> None:
        """Nothing has passed yet."""
        self._head: Event = response_head(name_of_response(created), created=created, model=model)
        self._events = EventSplitter()
        self._begun: set[str] = set()
        self._sequence = -1
        self._open: dict[int, _Open] = {}
        self._done: dict[int, object] = {}
        self._stopped = False

    @property
    def over(self) -> bool:
        """The last event, or an error, was seen."""
        return self._stopped

    def feed(self, chunk: bytes) -> int:
        """Follow the events of a chunk; the most tokens that they can be."""
        return sum(self._take(parse_event(raw).data) for raw in self._events.feed(chunk))

    def finish(self, usage: Usage | None) -> bytes:
        """End every item that is open, and then the response, which lacks what would have come."""
        if self._stopped:
            return b""
        self._stopped = True
        missing = [kind for kind in _BEGINNINGS if kind not in self._begun]
        ending = b"".join(self._render({"type": kind, "response": self._head}) for kind in missing)
        for place, item in sorted(self._open.items()):
            ending += b"".join(self._render(event) for event in self._end(place, item))
        output = [item for _, item in sorted(self._done.items())]
        response = ended(self._head, INCOMPLETE, "max_output_tokens", output, _known(usage))
        return ending + self._render({"type": "response.incomplete", "response": response})

    def _take(self, data: bytes) -> int:
        if not data or data.strip() == b"[DONE]":
            return 0
        try:
            event = _decode(data)
        except msgspec.DecodeError:
            return len(data)
        self._sequence = max(self._sequence, event.sequence_number)
        if event.type in _ENDS:
            self._stopped = True
            return 0
        if event.type in _GROWING:
            return self._grow(event, data)
        match event.type:
            case _ if event.type in _BEGINNINGS:
                self._begin(event)
            case "response.output_item.added":
                return ITEM_TOKENS + self._add(event, data)
            case "response.output_item.done":
                return self._finish_item(event, data)
            case _ if event.type.endswith(".delta"):
                return len(data)
            case _:
                self._note(event)
        return 0

    def _note(self, event: _Event) -> None:
        """Keep in mind which parts of an item have begun, and which have ended."""
        item = self._open.get(event.output_index)
        if item is None:
            return
        if event.type in _PARTS_BEGIN and event.part is not None and event.part.type in _OF_PART:
            item.grow(_OF_PART[event.part.type], event.index, "")
        elif event.type.endswith(".done"):
            item.told.add((event.type, event.index))

    def _begin(self, event: _Event) -> None:
        self._begun.add(event.type)
        with contextlib.suppress(msgspec.DecodeError):
            self._head = {**self._head, **_decode_head(event.response)}

    def _add(self, event: _Event, data: bytes) -> int:
        known = _item(event.item)
        if known is None:
            return len(data)
        self._open[event.output_index] = _Open(_decode_head(event.item), known)
        return _bytes(known.name) if known.type in _KNOWN_ITEMS else len(data)

    def _finish_item(self, event: _Event, data: bytes) -> int:
        """What was not streamed counts now: what only the provider can read, and whole items of other kinds."""
        known = _item(event.item)
        announced = self._open.pop(event.output_index, None)
        self._done[event.output_index] = event.item
        if known is None or known.type not in _KNOWN_ITEMS:
            return len(data)
        if announced is None or not any("".join(pieces) for pieces in announced.parts.values()):
            return len(data)
        return _bytes(known.encrypted_content or "")

    def _grow(self, event: _Event, data: bytes) -> int:
        try:
            text = _decode_text(event.delta)
        except msgspec.DecodeError:
            return len(data)
        item = self._open.get(event.output_index)
        if item is not None:
            item.grow(event.type, event.index, text)
        return _bytes(text)

    def _end(self, place: int, item: _Open) -> list[Event]:
        events: list[Event] = []
        whole: Event = {**item.announced}
        if item.known.type != "reasoning":
            whole["status"] = INCOMPLETE
        lists: dict[str, list[Event]] = {}
        for (kind, index), pieces in sorted(item.parts.items()):
            ends = _end_part(kind, item.known, place, index, "".join(pieces), whole, lists)
            events += [event for event in ends if (event["type"], index) not in item.told]
        whole |= lists
        self._done[place] = whole
        return [*events, done(place, whole)]

    def _render(self, event: Event) -> bytes:
        self._sequence += 1
        numbered = {**event, "sequence_number": self._sequence}
        return render_event(encode(numbered, "event"), str(event["type"]))


def _end_part(
    kind: str, item: _Item, place: int, index: int, text: str, whole: Event, lists: dict[str, list[Event]]
) -> list[Event]:
    """The events that end a part; what it comes to goes into the whole item."""
    last = kind.removesuffix("delta") + "done"
    match kind:
        case _ if kind == _ARGUMENTS:
            whole["arguments"] = text
            event: Event = {"type": last, "item_id": item.id, "output_index": place, "arguments": text}
            return [event]
        case "response.reasoning_summary_text.delta":
            part: Event = {"type": "summary_text", "text": text}
            lists.setdefault("summary", []).append(part)
            at: Event = {"item_id": item.id, "output_index": place, "summary_index": index}
            return [
                {"type": last, **at, "text": text},
                {"type": "response.reasoning_summary_part.done", **at, "part": part},
            ]
        case "response.refusal.delta":
            part = {"type": "refusal", "refusal": text}
            said: Event = {"refusal": text}
        case "response.reasoning_text.delta":
            part, said = thought_part(text), {"text": text}
        case _:
            part, said = text_part(text), {"text": text, "logprobs": []}
    lists.setdefault("content", []).append(part)
    return [
        of_part(last, item.id, place, index, **said),
        of_part("response.content_part.done", item.id, place, index, part=part),
    ]


def _item(raw: msgspec.Raw) -> _Item | None:
    try:
        return _decode_item(raw)
    except msgspec.DecodeError:
        return None


def _known(usage: Usage | None) -> Usage | None:
    return usage if usage is not None and usage.prompt_tokens else None


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
