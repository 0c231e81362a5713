"""Server-sent events out of chunks of bytes, wherever they are cut."""

from typing import NamedTuple


class Event(NamedTuple):
    """One event."""

    name: str
    """Empty where it has none."""
    data: bytes


class EventReader:
    """Takes chunks, gives whole events."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._rest = b""
        self._name = ""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """Give the events that this chunk completes."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [event for line in lines if (event := self._take(line.removesuffix(b"\r"))) is not None]

    def _take(self, line: bytes) -> Event | None:
        if not line:
            event = Event(self._name, b"\n".join(self._data)) if self._data else None
            self._name, self._data = "", []
            return event
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
        return None
