"""Messages of OpenAI's chat completions format -> messages of the conversation."""

from collections.abc import Sequence

import msgspec

from headgate.domain.conversation import (
    CacheHint,
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
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.content import inline_or_url
from headgate.translate.decoding import decode, is_given, object_text
from headgate.translate.openai_chat import request_shapes as shapes


def parse_messages(given: Sequence[shapes.RequestMessage]) -> list[Message]:
    """Read messages in their order; results of tools become parts of a user's message, as neighbours stand.

    Raises:
        UntranslatableError: naming the field.
    """
    parsed: list[Message] = []
    results: list[ToolResult] = []
    for i, message in enumerate(given):
        field = f"messages[{i}]"
        if isinstance(message, shapes.ToolMessage):
            results.append(_tool_result(message, field))
            continue
        _flush(results, parsed)
        parsed.append(_message(message, field))
    _flush(results, parsed)
    return parsed


def _flush(results: list[ToolResult], parsed: list[Message]) -> None:
    if results:
        parsed.append(Message(role=Role.USER, parts=tuple(results)))
        results.clear()


def _message(message: shapes.RequestMessage, field: str) -> Message:
    match message:
        case shapes.AssistantMessage():
            return Message(role=Role.ASSISTANT, parts=tuple(_assistant_parts(message, field)))
        case shapes.UserMessage():
            return Message(role=Role.USER, parts=tuple(_user_parts(message.content, f"{field}.content")))
        case shapes.SystemMessage() | shapes.DeveloperMessage():
            return Message(role=Role.SYSTEM, parts=tuple(_user_parts(message.content, f"{field}.content")))
        case shapes.ToolMessage():
            return Message(role=Role.USER, parts=(_tool_result(message, field),))


def _tool_result(message: shapes.ToolMessage, field: str) -> ToolResult:
    return ToolResult(
        call_id=message.tool_call_id,
        content=tuple(_user_parts(message.content, f"{field}.content")),
        cache=cache_hint(message.cache_control),
    )


def _user_parts(content: str | Sequence[shapes.UserPart], field: str) -> list[Text | Image | Document]:
    if isinstance(content, str):
        return [Text(text=content)]
    return [_user_part(part, f"{field}[{i}]") for i, part in enumerate(content)]


def _user_part(part: shapes.UserPart, field: str) -> Text | Image | Document:
    match part:
        case shapes.TextPart():
            return Text(text=part.text, cache=cache_hint(part.cache_control))
        case shapes.ImagePart():
            given = part.image_url
            image = shapes.ImageUrl(url=given) if isinstance(given, str) else given
            source = inline_or_url(image.url, f"{field}.image_url.url")
            return Image(source=source, detail=image.detail, cache=cache_hint(part.cache_control))
        case shapes.FilePart():
            return _document(part, field)
        case shapes.DocumentUrlPart():
            source = inline_or_url(part.document_url, f"{field}.document_url")
            return Document(source=source, title=part.document_name)


def _document(part: shapes.FilePart, field: str) -> Document:
    if part.file.file_data is None:
        raise UntranslatableError(f"{field}.file.file_id", "belongs to one provider: send the file as file_data")
    source = inline_or_url(part.file.file_data, f"{field}.file.file_data")
    return Document(source=source, title=part.file.filename, cache=cache_hint(part.cache_control))


def _assistant_parts(message: shapes.AssistantMessage, field: str) -> list[Part]:
    for name in ("audio", "function_call", "images"):
        given: msgspec.Raw = getattr(message, name)
        if is_given(given) and bytes(given).strip() != b"[]":
            raise UntranslatableError(f"{field}.{name}", "has no counterpart in the format of this model")
    parts: list[Part] = [
        *thinking_parts(message.reasoning_details, message.reasoning_content or message.reasoning),
        *_assistant_content(message.content),
    ]
    if message.refusal:
        parts.append(Text(text=message.refusal))
    for i, call in enumerate(message.tool_calls or ()):
        text = arguments_text(call.function.arguments, f"{field}.tool_calls[{i}].function.arguments")
        parts.append(
            ToolCall(id=call.id, name=call.function.name, arguments=text, cache=cache_hint(call.cache_control))
        )
    return parts


def _assistant_content(content: str | list[shapes.AssistantPart] | None) -> list[Text | Thinking]:
    if content is None:
        return []
    if isinstance(content, str):
        return [Text(text=content)] if content else []
    parts: list[Text | Thinking] = []
    for part in content:
        match part:
            case shapes.TextPart():
                parts.append(Text(text=part.text, cache=cache_hint(part.cache_control)))
            case shapes.RefusalPart():
                parts.append(Text(text=part.refusal))
            case shapes.ThinkingPart():
                parts.append(Thinking(text=thought(part.thinking), signature=part.signature or None))
    return parts


def thought(thinking: list[shapes.ThoughtText] | str) -> str:
    """Text of Mistral's thinking."""
    return thinking if isinstance(thinking, str) else "".join(piece.text for piece in thinking)


def thinking_parts(
    details: Sequence[shapes.ReasoningDetail] | None, plain: str | None
) -> list[Thinking | RedactedThinking]:
    """Thinking out of `reasoning_details` where they say anything, else out of the plain field."""
    parts: list[Thinking | RedactedThinking] = []
    for detail in details or ():
        text = detail.text or detail.summary or ""
        if detail.data:
            parts.append(RedactedThinking(data=detail.data))
        elif text or detail.signature:
            parts.append(Thinking(text=text, signature=detail.signature or None))
    if plain and not any(isinstance(part, Thinking) and part.text for part in parts):
        return [Thinking(text=plain), *parts]
    return parts


def arguments_text(raw: msgspec.Raw, field: str) -> str:
    """Arguments of a call as JSON text, whether they came as text or as the object itself."""
    if not is_given(raw):
        return ""
    given = bytes(raw).strip()
    if given.startswith(b'"'):
        text = decode(given, str, field)
        return "" if text.strip() == "null" else text  # Some servers write no arguments so.
    return object_text(raw, field)


def cache_hint(given: shapes.CacheControl | None) -> CacheHint | None:
    """The hint, if there is one."""
    return None if given is None else CacheHint(given.ttl)
