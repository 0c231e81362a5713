"""Items of a streamed answer of the Responses format, from the events that announce them to those that end them."""

from typing import ClassVar, Protocol

from headgate.translate.openai_responses.render_answer import (
    call_item,
    message_item,
    reasoning_item,
    text_part,
    thought_part,
)

Event = dict[str, object]
IN_PROGRESS = "in_progress"


class Growing(Protocol):
    """An item that is not done."""

    place: int

    def begin(self) -> list[Event]:
        """The event that announces it."""
        ...

    def end(self, status: str) -> list[Event]:
        """The events that end it."""
        ...

    def item(self, status: str) -> Event:
        """The whole item."""
        ...


class MessageItem:
    """A message, whose parts come one after the other."""

    prefix: ClassVar[str] = "msg"

    def __init__(self, own_id: str, place: int) -> None:
        """Nothing is said yet."""
        self.place = place
        self._id = own_id
        self._parts: list[str] = []
        self._pieces: list[str] | None = None
        """Of the part that grows."""

    def begin(self) -> list[Event]:
        """The event that announces it."""
        return [added(self.place, message_item(self._id, [], IN_PROGRESS))]

    def grow(self, text: str) -> list[Event]:
        """More text; it begins a part where none grows."""
        events: list[Event] = []
        if self._pieces is None:
            self._pieces = []
            events.append(self._of_part("response.content_part.added", part=text_part("")))
        self._pieces.append(text)
        return [*events, self._of_part("response.output_text.delta", delta=text, logprobs=[])]

    def end_part(self) -> list[Event]:
        """End the part that grows, if one does."""
        if self._pieces is None:
            return []
        text = "".join(self._pieces)
        events = [
            self._of_part("response.output_text.done", text=text, logprobs=[]),
            self._of_part("response.content_part.done", part=text_part(text)),
        ]
        self._parts.append(text)
        self._pieces = None
        return events

    def end(self, status: str) -> list[Event]:
        """The events that end it."""
        return [*self.end_part(), done(self.place, self.item(status))]

    def item(self, status: str) -> Event:
        """The whole message."""
        return message_item(self._id, [text_part(text) for text in self._parts], status)

    def _of_part(self, kind: str, **more: object) -> Event:
        return of_part(kind, self._id, self.place, len(self._parts), **more)


class Thought:
    """A thought, which has at most one part that can be read."""

    prefix: ClassVar[str] = "rs"

    def __init__(self, own_id: str, place: int) -> None:
        """Nothing is thought yet."""
        self.place = place
        self.encrypted: str | None = None
        self._id = own_id
        self._pieces: list[str] = []

    def begin(self) -> list[Event]:
        """The event that announces it."""
        return [added(self.place, reasoning_item(self._id, "", None))]

    def grow(self, text: str) -> list[Event]:
        """More of it."""
        events: list[Event] = []
        if not self._pieces:
            events.append(of_part("response.content_part.added", self._id, self.place, 0, part=thought_part("")))
        self._pieces.append(text)
        return [*events, of_part("response.reasoning_text.delta", self._id, self.place, 0, delta=text)]

    def end(self, status: str) -> list[Event]:
        """The events that end it."""
        events: list[Event] = []
        if self._pieces:
            text = "".join(self._pieces)
            events.append(of_part("response.reasoning_text.done", self._id, self.place, 0, text=text))
            part = thought_part(text)
            events.append(of_part("response.content_part.done", self._id, self.place, 0, part=part))
        return [*events, done(self.place, self.item(status))]

    def item(self, status: str) -> Event:
        """The whole thought; it has no status."""
        _ = status
        return reasoning_item(self._id, "".join(self._pieces), self.encrypted)


class Call:
    """A call of a function."""

    prefix: ClassVar[str] = "fc"

    def __init__(self, own_id: str, place: int, call_id: str, name: str) -> None:
        """Nothing of the arguments is known yet."""
        self.place = place
        self.is_done = False
        self._id = own_id
        self._call_id = call_id
        self._name = name
        self._pieces: list[str] = []

    def begin(self) -> list[Event]:
        """The event that announces it."""
        return [added(self.place, call_item(self._id, self._call_id, self._name, "", IN_PROGRESS))]

    def grow(self, arguments: str) -> list[Event]:
        """More of the arguments."""
        self._pieces.append(arguments)
        return [self._of_arguments("response.function_call_arguments.delta", delta=arguments)]

    def end(self, status: str) -> list[Event]:
        """The events that end it. Clients parse the arguments: nothing at all is no JSON."""
        grown = [] if "".join(self._pieces).strip() else self.grow("{}")
        self.is_done = True
        whole = "".join(self._pieces)
        last = self._of_arguments("response.function_call_arguments.done", arguments=whole, name=self._name)
        return [*grown, last, done(self.place, self.item(status))]

    def item(self, status: str) -> Event:
        """The whole call."""
        return call_item(self._id, self._call_id, self._name, "".join(self._pieces).strip(), status)

    def _of_arguments(self, kind: str, **more: object) -> Event:
        return {"type": kind, "item_id": self._id, "output_index": self.place, **more}


def added(place: int, item: Event) -> Event:
    """The event that announces an item."""
    return {"type": "response.output_item.added", "output_index": place, "item": item}


def done(place: int, item: Event) -> Event:
    """The event that ends it."""
    return {"type": "response.output_item.done", "output_index": place, "item": item}


def of_part(kind: str, own_id: str, place: int, index: int, **more: object) -> Event:
    """An event of one part of an item."""
    return {"type": kind, "item_id": own_id, "output_index": place, "content_index": index, **more}
