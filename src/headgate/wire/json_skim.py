"""Looks at a large JSON object while it passes, sans I/O: one of its arrays is counted and not kept.

An answer with images is megabytes of base64 around a few figures. What is kept is the object without the insides of
that array; strings are jumped over, whatever is in them.
"""

import re
from typing import Final

import msgspec

MAX_KEPT: Final = 64 * 1024
"""Bytes beside the array; an object with more of them is not read."""
_STRUCTURE: Final = re.compile(rb'["\[\]{}]')
_STRING_END: Final = re.compile(rb'["\\]')
_OPENING: Final = frozenset(b"[{")
_QUOTE: Final = ord('"')
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class ObjectSkimmer:
    """Takes one JSON object in any cut."""

    def __init__(self, array: str) -> None:
        """`array`: name of the top-level array that is counted."""
        self.elements = 0
        """Objects and arrays that began in it."""
        self._array = b'"%s"' % array.encode()
        self._kept = bytearray()
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._skipping = False
        self._string_at = 0
        self._last_string = b""

    def feed(self, chunk: bytes) -> None:
        """Take bytes; never raises."""
        at = 0
        while at < len(chunk):
            at = self._in_a_string(chunk, at) if self._in_string else self._outside(chunk, at)

    def document(self) -> dict[str, msgspec.Raw] | None:
        """The object without what was skipped; None where it is not whole, or no object."""
        if self._depth or self._in_string or len(self._kept) > MAX_KEPT:
            return None
        try:
            return _object.decode(self._kept)
        except msgspec.DecodeError:
            return None

    def _in_a_string(self, chunk: bytes, at: int) -> int:
        if self._escaped:
            self._escaped = False
            return self._keep(chunk, at, at + 1)
        found = _STRING_END.search(chunk, at)
        if found is None:
            return self._keep(chunk, at, len(chunk))
        self._keep(chunk, at, found.end())
        if chunk[found.start()] == _QUOTE:
            self._in_string = False
            if self._depth == 1:
                self._last_string = bytes(self._kept[self._string_at :])
        else:
            self._escaped = True
        return found.end()

    def _outside(self, chunk: bytes, at: int) -> int:
        found = _STRUCTURE.search(chunk, at)
        if found is None:
            return self._keep(chunk, at, len(chunk))
        mark = chunk[found.start()]
        if mark == _QUOTE:
            self._keep(chunk, at, found.start())
            self._string_at = len(self._kept)
            self._in_string = True
            return self._keep(chunk, found.start(), found.end())
        if mark in _OPENING:
            return self._open(chunk, at, found.end())
        self._depth -= 1
        if self._skipping and self._depth == 1:
            self._skipping = False
            return self._keep(chunk, found.start(), found.end())
        return self._keep(chunk, at, found.end())

    def _open(self, chunk: bytes, at: int, end: int) -> int:
        self._depth += 1
        if self._skipping and self._depth == 3:
            self.elements += 1
        self._keep(chunk, at, end)
        if self._depth == 2 and chunk[end - 1] == ord("[") and self._last_string == self._array:
            self._skipping = True
        return end

    def _keep(self, chunk: bytes, start: int, end: int) -> int:
        if not self._skipping and len(self._kept) <= MAX_KEPT:
            self._kept += chunk[start:end]
        return end
