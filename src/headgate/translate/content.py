"""Pieces of a conversation that several formats say in the same way."""

import re
from collections.abc import Iterable
from typing import Final

from headgate.domain.conversation import (
    Base64Source,
    Conversation,
    Document,
    Part,
    Text,
    TextSource,
    ToolCall,
    UrlSource,
)
from headgate.translate.codec import UntranslatableError

_DATA_URL: Final = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[\w.+-]+=[^;,]*)*;base64,")


def joined(texts: Iterable[Text]) -> str:
    """Instructions as one text: not every operator takes a list, and blocks of instructions are read as paragraphs."""
    return "\n\n".join(text.text for text in texts)


def only_text(part: Part, field: str) -> Text:
    """A part that has to be text.

    Raises:
        UntranslatableError: it is not.
    """
    if isinstance(part, Text):
        return part
    raise UntranslatableError(field, "instructions can only be text")


def address(source: Base64Source | UrlSource) -> str:
    """An address, or a data URL."""
    if isinstance(source, UrlSource):
        return source.url
    return f"data:{source.media_type};base64,{source.data}"


def inline_or_url(url: str, field: str) -> Base64Source | UrlSource:
    """What a data URL, or an address, stands for.

    Raises:
        UntranslatableError: it is neither.
    """
    inline = _DATA_URL.match(url)
    if inline:
        return Base64Source(media_type=inline[1].lower(), data=url[inline.end() :])
    if not url.lower().startswith(("http://", "https://")):
        raise UntranslatableError(field, "must be an http(s) address or a base64 data URL")
    return UrlSource(url=url)


def plain_document(document: Document, field: str) -> str:
    """A document that is plain text, below its title.

    Raises:
        UntranslatableError: it is a file.
    """
    if not isinstance(document.source, TextSource):
        raise UntranslatableError(f"{field}.source", "this model reads documents only as plain text")
    text = document.source.text
    return f"{document.title}\n\n{text}" if document.title else text


def tool_names(conversation: Conversation) -> dict[str, str]:
    """The name of every tool that was called, by the id of the call."""
    parts = (part for message in conversation.messages for part in message.parts)
    return {part.id: part.name for part in parts if isinstance(part, ToolCall)}


def synthetic_id(position: int) -> str:
    """An id for a call whose provider gave none; unique within its answer."""
    return f"call_{position}"
