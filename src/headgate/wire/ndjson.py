"""JSON documents one to a line, sans I/O: bytes in any cut go in, complete raw lines come out.

A raw line keeps its bytes, terminator included, so that the concatenation of all lines and the rest is exactly what
came in. JSON never has a line break inside a document that is written on one line.
"""


class LineSplitter:
    """Cuts a byte stream into complete raw lines."""

    def __init__(self) -> None:
        """Start with nothing buffered."""
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take a chunk; give the raw lines that are complete now."""
        *complete, self._rest = (self._rest + chunk).split(b"\n")
        return [line + b"\n" for line in complete]

    def finish(self) -> bytes:
        """Give what is left without a line break behind it."""
        rest, self._rest = self._rest, b""
        return rest
