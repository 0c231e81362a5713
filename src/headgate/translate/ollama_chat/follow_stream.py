"""Follows a stream of Ollama's chat format: see `translate/ending.py`."""

from typing import Final

import msgspec

from headgate.translate.decoding import is_given
from headgate.translate.ollama_chat import answer_shapes as shapes
from headgate.wire.ndjson import LineSplitter

CALL_TOKENS: Final = 16
"""More than what stands around a call of a tool and is not seen."""
_decode: Final = msgspec.json.Decoder(shapes.Chat).decode


class OllamaFollower:
    """Follows one stream."""

    def __init__(self) -> None:
        """Nothing has passed yet."""
        self._lines = LineSplitter()
        self._over = False

    @property
    def over(self) -> bool:
        """The last line was seen, or an error."""
        return self._over

    def feed(self, chunk: bytes) -> int:
        """Follow the lines of a chunk; the most tokens that they can be."""
        return sum(self._take(raw) for raw in self._lines.feed(chunk) if raw.strip())

    def _take(self, raw: bytes) -> int:
        try:
            chat = _decode(raw)
        except msgspec.DecodeError:
            return len(raw)
        self._over = self._over or chat.done or is_given(chat.error)
        message = chat.message
        if message is None:
            return 0
        said = len(((message.content or "") + (message.thinking or "")).encode("utf-8", "replace"))
        return said + sum(_call_size(call) for call in message.tool_calls or ())


def _call_size(call: shapes.Call) -> int:
    function = call.function or shapes.CalledFunction()
    return CALL_TOKENS + len((function.name or "").encode("utf-8", "replace")) + len(bytes(function.arguments))
