"""Items of OpenAI's Responses format -> messages of the conversation."""

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
from headgate.translate.codec import UntranslatableError
from headgate.translate.content import inline_or_url
from headgate.translate.decoding import decode
from headgate.translate.openai_responses import request_shapes as shapes
from headgate.translate.signatures import from_responses

BETWEEN_THOUGHTS: Final = "\n\n"
"""A summary comes in paragraphs."""


def parse_items(given: Sequence[msgspec.Raw]) -> list[Message]:
    """Read items in their order.

    What a model said in one turn (thoughts, a text, calls) are items of their own here and one message there; so are
    the results of tools that stand beside each other.

    Raises:
        UntranslatableError: naming the field.
    """
    turns = _Turns()
    for i, raw in enumerate(given):
        _add(turns, raw, f"input[{i}]")
    return turns.messages()


class _Turns:
    """Messages, of which the last may grow."""

    def __init__(self) -> None:
        self._done: list[Message] = []
        self._role = Role.USER
        self._open: list[Part] = []

    def add(self, role: Role, parts: Sequence[Part], *, alone: bool = False) -> None:
        """Add parts to the open turn, or begin one: `alone` for what begins a turn and ends it."""
        if alone or role is not self._role:
            self._close()
        self._role = role
        self._open += parts
        if alone:
            self._close()

    def answer(self, parts: Sequence[Part]) -> None:
        """Add a text of the assistant, which begins a turn unless the open one has said nothing yet."""
        if any(not isinstance(part, Thinking | RedactedThinking) for part in self._open):
            self._close()
        self.add(Role.ASSISTANT, parts)

    def messages(self) -> list[Message]:
        self._close()
        return self._done

    def _close(self) -> None:
        if self._open:
            self._done.append(Message(role=self._role, parts=tuple(self._open)))
            self._open = []


def _add(turns: _Turns, raw: msgspec.Raw, field: str) -> None:
    head = decode(raw, shapes.ItemHead, field)
    match head.type:
        case "message" if head.role == "assistant":
            answered = decode(raw, shapes.AssistantMessage, field)
            turns.answer(_written(answered.content))
        case "message":
            said = decode(raw, shapes.UserMessage, field)
            role = Role.USER if said.role == "user" else Role.SYSTEM
            turns.add(role, _shown(said.content, f"{field}.content"), alone=True)
        case "function_call":
            call = decode(raw, shapes.FunctionCall, field)
            turns.add(Role.ASSISTANT, [ToolCall(id=call.call_id, name=call.name, arguments=call.arguments)])
        case "function_call_output":
            result = decode(raw, shapes.FunctionCallOutput, field)
            shown = tuple(_shown(result.output, f"{field}.output"))
            turns.add(Role.USER, [ToolResult(call_id=result.call_id, content=shown)])
        case "reasoning":
            thought = decode(raw, shapes.ReasoningItem, field)
            turns.add(Role.ASSISTANT, thinking_of(thought))
        case "item_reference":
            raise UntranslatableError(f"{field}.type", "names what one provider keeps: send the item itself")
        case _:
            raise UntranslatableError(f"{field}.type", f"{head.type!r} items exist in this format only: leave it out")


def thinking_of(item: shapes.ReasoningItem) -> list[Thinking | RedactedThinking]:
    """A reasoning item: its summary, what it holds in the open, and what only its provider can read; or nothing."""
    pieces = [piece.text for piece in (*(item.summary or ()), *(item.content or ())) if piece.text]
    text = BETWEEN_THOUGHTS.join(pieces)
    if not item.encrypted_content:
        return [Thinking(text=text)] if text else []
    kept = from_responses(item.encrypted_content)
    if isinstance(kept, RedactedThinking):
        return [Thinking(text=text), kept] if text else [kept]
    return [Thinking(text=text, signature=kept.signature)]


def _written(content: str | Sequence[shapes.AssistantPart]) -> list[Text]:
    if isinstance(content, str):
        return [Text(text=content)] if content else []
    return [
        Text(text=part.refusal if isinstance(part, shapes.RefusalPart) else part.text)
        for part in content
        if not (isinstance(part, shapes.WrittenPart) and not part.text)
    ]


def _shown(content: str | Sequence[shapes.UserPart], field: str) -> list[Text | Image | Document]:
    if isinstance(content, str):
        return [Text(text=content)]
    return [_part(part, f"{field}[{i}]") for i, part in enumerate(content)]


def _part(part: shapes.UserPart, field: str) -> Text | Image | Document:
    match part:
        case shapes.TextPart(text=text):
            return Text(text=text)
        case shapes.ImagePart():
            if part.image_url is None:
                raise UntranslatableError(f"{field}.file_id", "belongs to one provider: send the image as image_url")
            return Image(source=inline_or_url(part.image_url, f"{field}.image_url"), detail=part.detail)
        case shapes.FilePart():
            return Document(source=_file(part, field), title=part.filename)


def _file(part: shapes.FilePart, field: str) -> Base64Source | UrlSource:
    if part.file_data is not None:
        return inline_or_url(part.file_data, f"{field}.file_data")
    if part.file_url is not None:
        return inline_or_url(part.file_url, f"{field}.file_url")
    raise UntranslatableError(f"{field}.file_id", "belongs to one provider: send the file as file_data")
