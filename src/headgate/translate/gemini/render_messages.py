"""Messages of the conversation -> contents of Gemini's format.

Turns alternate there: neighbours of one role become one content, results of tools first. Empty text is left out, so is
thinking that another provider signed, and a turn of which nothing is left.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from headgate.domain.conversation import (
    Base64Source,
    Document,
    Image,
    Message,
    Part,
    RedactedThinking,
    Role,
    Text,
    TextSource,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import embed_object
from headgate.translate.gemini.model_families import insists_on_signatures
from headgate.translate.signatures import googles

WITHOUT_SIGNATURE: Final = "skip_thought_signature_validator"
"""What Google's guide gives for calls that another model made, or whose signature the caller did not keep."""

_ROLES: Final = {Role.USER: "user", Role.ASSISTANT: "model"}
_MEDIA_TYPES: Final = {
    "gif": "image/gif",
    "heic": "image/heic",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "pdf": "application/pdf",
    "png": "image/png",
    "webp": "image/webp",
}

Written = dict[str, object]


def render_contents(messages: Sequence[Message], *, model: str) -> list[Written]:
    """Write turns; messages of the system are left to the caller.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    renderer = _Contents(signed=insists_on_signatures(model))
    turns: list[tuple[Role, list[Written]]] = []
    for i, message in enumerate(messages):
        if message.role is Role.SYSTEM:
            continue
        parts = renderer.parts(message, f"messages[{i}]")
        if turns and turns[-1][0] is message.role:
            turns[-1][1].extend(parts)
        elif parts:
            turns.append((message.role, parts))
    if not turns:
        raise UntranslatableError("messages", "this model needs a message that is not empty")
    return [{"role": _ROLES[role], "parts": sorted(parts, key=_results_first)} for role, parts in turns]


def render_texts(texts: Sequence[Text]) -> list[Written]:
    """Parts of whatever is not empty."""
    return [{"text": text.text} for text in texts if text.text]


def _results_first(part: Written) -> bool:
    return "functionResponse" not in part


class _Contents:
    """Writes the turns of one request."""

    def __init__(self, *, signed: bool) -> None:
        self._signed = signed
        self._names: dict[str, str] = {}
        """Id of a call -> its function: a result must say it here."""

    def parts(self, message: Message, field: str) -> list[Written]:
        if message.role is Role.ASSISTANT:
            return self._said(message.parts, field)
        parts: list[Written] = []
        for j, part in enumerate(message.parts):
            path = f"{field}.content[{j}]"
            parts += self._result(part, path) if isinstance(part, ToolResult) else _shown(part, path)
        return parts

    def _said(self, given: Sequence[Part], field: str) -> list[Written]:
        parts: list[Written] = []
        signature: str | None = None
        missing = WITHOUT_SIGNATURE if self._signed else None
        for j, part in enumerate(given):
            match part:
                case Text():
                    parts += render_texts([part])
                case Thinking(text="", signature=str(written)):
                    # Google signs calls, not thoughts: in the common form it stands in front of its call.
                    signature = googles(written) or signature
                case Thinking():
                    parts += _thought(part)
                case RedactedThinking():
                    pass
                case ToolCall():
                    parts.append(self._call(part, signature or missing, f"{field}.content[{j}]"))
                    signature = missing = None
                case _:
                    raise UntranslatableError(f"{field}.content[{j}]", "an assistant can only have written text")
        return parts

    def _call(self, call: ToolCall, signature: str | None, field: str) -> Written:
        self._names[call.id] = call.name
        arguments = embed_object(call.arguments.strip() or "{}", f"{field}.arguments")
        part: Written = {"functionCall": {"id": call.id, "name": call.name, "args": arguments}}
        return part if signature is None else {**part, "thoughtSignature": signature}

    def _result(self, result: ToolResult, field: str) -> list[Written]:
        name = self._names.get(result.call_id)
        if name is None:
            raise UntranslatableError(field, f"no call {result.call_id!r} stands before its result")
        text = "\n".join(part.text for part in result.content if isinstance(part, Text))
        response = {"id": result.call_id, "name": name, "response": _response(text, is_error=result.is_error)}
        shown = [
            piece
            for k, part in enumerate(result.content)
            if not isinstance(part, Text)
            for piece in _shown(part, f"{field}.content[{k}]")
        ]
        intro: list[Written] = [{"text": f"From the result of tool call {result.call_id}:"}] if shown else []
        return [{"functionResponse": response}, *intro, *shown]


def _response(text: str, *, is_error: bool) -> object:
    """A result is an object here: one that the tool wrote stays, a text becomes a member of one."""
    if is_error:
        return {"error": text}
    try:
        return embed_object(text, "content")
    except UntranslatableError:
        return {"output": text}


def _thought(thinking: Thinking) -> list[Written]:
    part: Written = {"text": thinking.text, "thought": True}
    if thinking.signature is None:
        return [part] if thinking.text else []
    own = googles(thinking.signature)
    return [] if own is None else [{**part, "thoughtSignature": own}]


def _shown(part: Part, field: str) -> list[Written]:
    match part:
        case Text():
            return render_texts([part])
        case Image(source=source):
            return [_media(source, "image/jpeg")]
        case Document(source=TextSource(text=text), title=title):
            return render_texts([Text(text=f"{title}\n\n{text}" if title else text)])
        case Document(source=Base64Source() | UrlSource() as source):
            return [_media(source, "application/pdf")]
        case _:
            raise UntranslatableError(field, "does not belong in a message of the user")


def _media(source: Base64Source | UrlSource, otherwise: str) -> Written:
    if isinstance(source, Base64Source):
        return {"inlineData": {"mimeType": source.media_type, "data": source.data}}
    kind = _MEDIA_TYPES.get(_path(source.url).rpartition(".")[2].lower(), otherwise)
    return {"fileData": {"mimeType": kind, "fileUri": source.url}}


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
