"""One JSON array whose elements arrive one by one, sans I/O: bytes in any cut go in, complete elements come out.

Source: how Google's APIs stream to callers that do not ask for server-sent events. A piece keeps its bytes, what stands
in front of it included, so that the concatenation of all pieces and the rest is exactly what came in.
"""

import re
from typing import Final, NamedTuple

_STRUCTURE: Final = re.compile(rb'["\[\]{}]')
_IN_STRING: Final = re.compile(rb'(?:[^"\\]|\\.)*', re.DOTALL)
_OPENING: Final = frozenset(b"[{")
_QUOTE: Final = ord('"')
_SEPARATORS: Final = b" \t\r\n,["


class Piece(NamedTuple):
    """A complete part of the stream."""

    raw: bytes
    """As it came: the element with the bracket, comma and white space in front of it; or the end of the array."""
    element: bytes
    """The JSON of the element; empty for the end."""

    @property
    def is_end(self) -> bool:
        """The array is closed."""
        return not self.element


class ArraySplitter:
    """Cuts a byte stream into complete pieces."""

    def __init__(self) -> None:
        """Nothing came yet."""
        self._rest = bytearray()
        self._at = 0
        """Up to here the rest has been looked at."""
        self._depth = 0
        self._in_string = False
        self._ended = False

    def feed(self, chunk: bytes) -> list[Piece]:
        """Take a chunk; give the pieces that are complete now."""
        self._rest += chunk
        pieces: list[Piece] = []
        while (end := self._find_end()) is not None:
            raw = bytes(self._rest[:end])
            del self._rest[:end]
            self._at = 0
            pieces.append(Piece(raw, b"" if self._ended else raw.lstrip(_SEPARATORS)))
        return pieces

    def finish(self) -> bytes:
        """Give what is left: white space behind the array, or a piece that never became complete."""
        rest = bytes(self._rest)
        self._rest.clear()
        return rest

    def _find_end(self) -> int | None:
        """Where the next piece ends; None: not among what is here."""
        rest = self._rest
        while not self._ended:
            if self._in_string and not self._leave_string():
                return None
            found = _STRUCTURE.search(rest, self._at)
            if found is None:
                self._at = len(rest)
                return None
            self._at = found.end()
            mark = rest[found.start()]
            if mark == _QUOTE:
                self._in_string = True
            elif mark in _OPENING:
                self._depth += 1
            else:
                self._depth -= 1
                self._ended = self._depth <= 0
                if self._depth <= 1:
                    return self._at
        return None

    def _leave_string(self) -> bool:
        found = _IN_STRING.match(self._rest, self._at)
        self._at = found.end() if found else self._at
        if self._at < len(self._rest) and self._rest[self._at] == _QUOTE:
            self._at += 1
            self._in_string = False
        return not self._in_string


class ArrayRenderer:
    """Writes one array, element by element."""

    def __init__(self, *, begun: bool = False) -> None:
        """`begun`: elements are there already."""
        self.begun = begun

    def element(self, document: bytes) -> bytes:
        """The next element."""
        opening = b",\r\n" if self.begun else b"["
        self.begun = True
        return opening + document

    def end(self) -> bytes:
        """The end of the array."""
        return b"]" if self.begun else b"[]"
