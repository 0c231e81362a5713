"""Pictures and documents in the words of Bedrock's Converse format: bytes inside the body, by kind and name."""

import base64
import re
from typing import Final

from headgate.domain.conversation import Base64Source, Document, Image, TextSource, UrlSource
from headgate.translate.base64_text import standard
from headgate.translate.codec import UntranslatableError

_PICTURES: Final = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
}
_DOCUMENTS: Final = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_UNNAMED: Final = "document"
_NOT_IN_A_NAME: Final = re.compile(r"[^a-zA-Z0-9 ()\[\]-]+")
_SPACES: Final = re.compile(r" {2,}")
_LONGEST_NAME: Final = 180
"""Characters; the format takes 200, and a number may follow."""

Block = dict[str, object]


class Documents:
    """Writes the pictures and documents of one request, whose names must all differ."""

    def __init__(self) -> None:
        """None has a name yet."""
        self._taken: set[str] = set()

    def image(self, image: Image, field: str) -> Block:
        """A picture.

        Raises:
            UntranslatableError: an address, which Bedrock does not fetch, or another kind of picture.
        """
        source = image.source
        if isinstance(source, UrlSource):
            raise UntranslatableError(f"{field}.source", "this model takes pictures only inside the body, as base64")
        kind = _PICTURES.get(_plain(source.media_type))
        if kind is None:
            message = f"this model sees PNG, JPEG, GIF and WebP, not {source.media_type}"
            raise UntranslatableError(f"{field}.source", message)
        return {"image": {"format": kind, "source": {"bytes": standard(source.data)}}}

    def document(self, document: Document, field: str) -> Block:
        """A document.

        Raises:
            UntranslatableError: an address, which Bedrock does not fetch, or another kind of file.
        """
        kind, data = _file(document.source, f"{field}.source")
        return {"document": {"format": kind, "name": self._name(document.title), "source": {"bytes": data}}}

    def _name(self, title: str | None) -> str:
        """The title in the signs that are taken, with a number where it is taken already."""
        clean = _SPACES.sub(" ", _NOT_IN_A_NAME.sub(" ", title or "")).strip()[:_LONGEST_NAME].strip() or _UNNAMED
        name, number = clean, 1
        while name in self._taken:
            number += 1
            name = f"{clean} ({number})"
        self._taken.add(name)
        return name


def _file(source: Base64Source | UrlSource | TextSource, field: str) -> tuple[str, str]:
    match source:
        case TextSource(text=text):
            return "txt", base64.b64encode(text.encode("utf-8", "replace")).decode()
        case UrlSource():
            raise UntranslatableError(field, "this model takes documents only inside the body, as base64")
        case Base64Source(media_type=media_type, data=data):
            kind = _DOCUMENTS.get(_plain(media_type)) or ("txt" if media_type.startswith("text/") else None)
            if kind is None:
                message = f"this model reads PDF, Word, Excel, CSV, HTML, Markdown and text, not {media_type}"
                raise UntranslatableError(field, message)
            return kind, standard(data)


def _plain(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
