"""Follows a stream of Text Generation Inference's generate format: see `translate/ending.py`."""

from typing import Final

import msgspec

from headgate.translate.decoding import is_given
from headgate.translate.tgi_generate import answer_shapes as shapes
from headgate.wire.sse import EventSplitter, parse_event

_decode: Final = msgspec.json.Decoder(shapes.StreamEvent).decode


class TgiFollower:
    """Follows one stream."""

    def __init__(self) -> None:
        """Nothing has passed yet."""
        self._events = EventSplitter()
        self._over = False

    @property
    def over(self) -> bool:
        """The last event was seen, or an error."""
        return self._over

    def feed(self, chunk: bytes) -> int:
        """Follow the events of a chunk: each is one token."""
        return sum(self._take(parse_event(raw).data) for raw in self._events.feed(chunk))

    def _take(self, data: bytes) -> int:
        if not data.strip():
            return 0
        try:
            event = _decode(data)
        except msgspec.DecodeError:
            return len(data)
        self._over = self._over or event.generated_text is not None or is_given(event.error)
        return 1 if event.token is not None else 0
