"""Forms with files (`multipart/form-data`), sans I/O: bytes in any cut go in, parts come out piece by piece.

Source: RFC 7578, and the WHATWG HTML standard for how names are written. The parser is the `multipart` package's.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

MEDIA_TYPE: Final = "multipart/form-data"
MAX_PARTS: Final = 64
_ESCAPED: Final = str.maketrans({"\r": "%0D", "\n": "%0A", '"': "%22"})


class FormError(ValueError):
    """It is no form; the message says why."""


class PartHead(NamedTuple):
    """What stands in front of a part."""

    name: str
    filename: str | None
    """None: the part is a field, not a file."""
    content_type: str | None
    """As it was written."""


class FormReader:
    """Takes one form."""

    def __init__(self, content_type: str) -> None:
        """`content_type`: the header of the request.

        Raises:
            FormError: the header is not a form's, or lacks the boundary.
        """
        kind, options = parse_options_header(content_type)
        if kind != MEDIA_TYPE or not options.get("boundary"):
            message = f"the content-type is not {MEDIA_TYPE} with a boundary"
            raise FormError(message)
        try:
            self._parser = PushMultipartParser(options["boundary"], max_segment_count=MAX_PARTS)
        except MultipartError as error:
            raise FormError(str(error)) from error

    def feed(self, chunk: bytes) -> Iterator[PartHead | bytes | None]:
        """Take bytes; give heads, pieces of content, and None at each part's end.

        Raises:
            FormError: it is broken, or has too many parts.
        """
        try:
            for event in self._parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    yield _head(event)
                else:
                    yield None if event is None else bytes(event)
        except MultipartError as error:
            raise FormError(_told(error)) from error

    def finish(self) -> None:
        """Nothing more comes.

        Raises:
            FormError: something is missing.
        """
        try:
            self._parser.close()
        except MultipartError as error:
            raise FormError(_told(error)) from error


def render_head(head: PartHead, boundary: str) -> bytes:
    """What stands in front of a part, its delimiter included; after its content comes an empty line's CRLF."""
    disposition = f'form-data; name="{head.name.translate(_ESCAPED)}"'
    if head.filename is not None:
        disposition += f'; filename="{head.filename.translate(_ESCAPED)}"'
    lines = [f"--{boundary}", f"Content-Disposition: {disposition}"]
    if head.content_type is not None:
        lines.append(f"Content-Type: {head.content_type}")
    return "\r\n".join([*lines, "", ""]).encode()


def render_end(boundary: str) -> bytes:
    """What stands behind the last part."""
    return f"--{boundary}--\r\n".encode()


def _head(segment: MultipartSegment) -> PartHead:
    if segment.disposition != "form-data" or not segment.name:
        message = "a part has no name"
        raise FormError(message)
    return PartHead(segment.name, segment.filename, segment.header("Content-Type"))


def _told(error: MultipartError) -> str:
    return str(error).rstrip(".") or "it is broken"
