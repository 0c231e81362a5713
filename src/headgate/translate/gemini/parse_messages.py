"""Contents of Gemini's format -> messages of the conversation.

Neighbours of one role are one turn: clients keep each piece of a streamed answer as a content of its own. Calls need no
id here; those without one get it by their place, and a result without one belongs to the first call of its name that
has none yet.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from headgate.domain.conversation import (
    Base64Source,
    Document,
    Image,
    Message,
    Part,
    RedactedThinking,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
)
from headgate.translate.base64_text import standard
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode, is_given, object_text
from headgate.translate.gemini import request_shapes as shapes
from headgate.translate.gemini.fields import items, read_object
from headgate.translate.signatures import from_gemini

_ROLES: Final = {"user": Role.USER, "function": Role.USER, "model": Role.ASSISTANT}
_DOCUMENTS: Final = ("application/pdf", "text/")
_HELD_BY_GOOGLE: Final = ("https://generativelanguage.googleapis.com/", "gs://")
_TEXT_OF: Final = {"output": False, "result": False, "error": True}
"""Keys under which the format has a result that is a plain text -> whether it says that the tool failed."""


def parse_contents(raw: msgspec.Raw, field: str) -> tuple[Message, ...]:
    """Read turns in their order.

    Raises:
        UntranslatableError: naming the field.
    """
    return _Contents().read(items(raw, field), field)


def parse_texts(raw: msgspec.Raw, field: str) -> tuple[Text, ...]:
    """Read a content that can only be text.

    Raises:
        UntranslatableError: naming the field.
    """
    content = read_object(shapes.Content, raw, field)
    texts: list[Text] = []
    for i, given in enumerate(items(content.parts, f"{field}.parts")):
        part = read_object(shapes.Part, given, f"{field}.parts[{i}]", ignored=shapes.IGNORED_OF_PARTS)
        if part.text is None:
            raise UntranslatableError(f"{field}.parts[{i}]", "instructions can only be text")
        texts += [Text(text=part.text)] if part.text else []
    return tuple(texts)


class _Contents:
    """Reads the turns of one request."""

    def __init__(self) -> None:
        self._calls = 0
        self._open: list[ToolCall] = []
        """Calls without a result so far."""

    def read(self, contents: Sequence[msgspec.Raw], field: str) -> tuple[Message, ...]:
        turns: list[tuple[Role, list[Part]]] = []
        for i, raw in enumerate(contents):
            path = f"{field}[{i}]"
            content = read_object(shapes.Content, raw, path)
            role = _ROLES.get(content.role or "user")
            if role is None:
                raise UntranslatableError(f"{path}.role", f"{content.role!r} is not user or model")
            if not turns or turns[-1][0] is not role:
                turns.append((role, []))
            for j, given in enumerate(items(content.parts, f"{path}.parts")):
                for part in self._part(given, f"{path}.parts[{j}]"):
                    _append(turns[-1][1], part, role)
        return tuple(Message(role=role, parts=tuple(parts)) for role, parts in turns)

    def _part(self, raw: msgspec.Raw, field: str) -> list[Part]:
        part = read_object(shapes.Part, raw, field, ignored=shapes.IGNORED_OF_PARTS)
        if is_given(part.function_call):
            return self._call(part, f"{field}.functionCall")
        if is_given(part.function_response):
            return [self._result(part.function_response, f"{field}.functionResponse")]
        if is_given(part.inline_data):
            return [_blob(part.inline_data, f"{field}.inlineData")]
        if is_given(part.file_data):
            return [_file(part.file_data, f"{field}.fileData")]
        if part.thought:
            return _thought(part)
        return [Text(text=part.text)] if part.text else []

    def _call(self, part: shapes.Part, field: str) -> list[Part]:
        given = read_object(shapes.FunctionCall, part.function_call, field)
        arguments = object_text(given.args, f"{field}.args") if is_given(given.args) else ""
        call = ToolCall(id=given.id or f"call_{self._calls}", name=given.name, arguments=arguments)
        self._calls += 1
        self._open.append(call)
        return [from_gemini(part.thought_signature), call] if part.thought_signature else [call]

    def _result(self, raw: msgspec.Raw, field: str) -> ToolResult:
        given = read_object(shapes.FunctionResponse, raw, field, ignored=shapes.IGNORED_OF_RESULTS)
        text, is_error = _said(given.response, f"{field}.response")
        shown = [_media(part, f"{field}.parts[{k}]") for k, part in enumerate(items(given.parts, f"{field}.parts"))]
        content = (*([Text(text=text)] if text else ()), *shown)
        return ToolResult(call_id=self._answered(given, field), content=content, is_error=is_error)

    def _answered(self, given: shapes.FunctionResponse, field: str) -> str:
        if given.id is not None:
            self._open = [call for call in self._open if call.id != given.id]
            return given.id
        if not self._open:
            raise UntranslatableError(field, f"no call of {given.name!r} waits for a result")
        # Some callers write something else than the name of the function: then it is the first one.
        call = next((call for call in self._open if call.name == given.name), self._open[0])
        self._open.remove(call)
        return call.id


def _append(parts: list[Part], part: Part, role: Role) -> None:
    """Add a part; what a model said in pieces becomes whole, a thought with the signature that came behind it."""
    last = parts[-1] if parts and role is Role.ASSISTANT else None
    match last, part:
        case Thinking(signature=None), Thinking():
            parts[-1] = Thinking(text=last.text + part.text, signature=part.signature)
        case Text(), Text():
            parts[-1] = Text(text=last.text + part.text)
        case _:
            parts.append(part)


def _thought(part: shapes.Part) -> list[Part]:
    if not part.thought_signature:
        return [Thinking(text=part.text)] if part.text else []
    signed = from_gemini(part.thought_signature)
    if isinstance(signed, RedactedThinking):
        return [Thinking(text=part.text), signed] if part.text else [signed]
    return [Thinking(text=part.text or "", signature=signed.signature)]


def _said(raw: msgspec.Raw, field: str) -> tuple[str, bool]:
    """Text of a result, and whether it tells of a failure."""
    if not is_given(raw):
        return "", False
    whole = object_text(raw, field)
    members = decode(raw, dict[str, msgspec.Raw], field)
    if len(members) == 1:
        ((name, value),) = members.items()
        if name in _TEXT_OF and bytes(value).lstrip().startswith(b'"'):
            return decode(value, str, f"{field}.{name}"), _TEXT_OF[name]
    return whole, False


def _media(raw: msgspec.Raw, field: str) -> Image | Document:
    part = read_object(shapes.Part, raw, field, ignored=shapes.IGNORED_OF_PARTS)
    if is_given(part.inline_data):
        return _blob(part.inline_data, f"{field}.inlineData")
    if is_given(part.file_data):
        return _file(part.file_data, f"{field}.fileData")
    raise UntranslatableError(field, "a tool can only show pictures and files here: use inlineData")


def _blob(raw: msgspec.Raw, field: str) -> Image | Document:
    given = read_object(shapes.Blob, raw, field)
    kind = given.mime_type.partition(";")[0].strip().lower()
    return _shown(kind, Base64Source(media_type=kind, data=standard(given.data)), given.display_name, field)


def _file(raw: msgspec.Raw, field: str) -> Image | Document:
    given = read_object(shapes.FileReference, raw, field)
    if given.file_uri.startswith(_HELD_BY_GOOGLE) or not given.file_uri.lower().startswith(("http://", "https://")):
        raise UntranslatableError(f"{field}.fileUri", "belongs to one provider: send the file as inlineData")
    return _shown(given.mime_type.lower(), UrlSource(url=given.file_uri), given.display_name, field)


def _shown(kind: str, source: Base64Source | UrlSource, title: str | None, field: str) -> Image | Document:
    if kind.startswith("image/"):
        return Image(source=source)
    if kind.startswith(_DOCUMENTS):
        return Document(source=source, title=title)
    raise UntranslatableError(f"{field}.mimeType", f"{kind!r} has no counterpart in the format of this model")
