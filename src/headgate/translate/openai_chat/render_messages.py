"""Messages of the conversation -> messages of OpenAI's chat completions format."""

from typing import Final

from headgate.domain.conversation import (
    Base64Source,
    Conversation,
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
from headgate.translate.content import address, joined, only_text, plain_document
from headgate.translate.decoding import embed_object

_FILE_NAME: Final = "document"


def render_messages(conversation: Conversation) -> list[dict[str, object]]:
    """Write system and messages.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    rendered: list[dict[str, object]] = []
    if conversation.system:
        rendered.append({"role": "system", "content": joined(conversation.system)})
    for i, message in enumerate(conversation.messages):
        field = f"messages[{i}]"
        if message.role is Role.ASSISTANT:
            rendered += _assistant_message(message, field)
        elif message.role is Role.SYSTEM:
            texts = [only_text(part, f"{field}.content[{j}]") for j, part in enumerate(message.parts)]
            rendered.append({"role": "system", "content": joined(texts)})
        else:
            rendered += _user_messages(message, field)
    return rendered


def _user_messages(message: Message, field: str) -> list[dict[str, object]]:
    """Results of tools first, each as a message of its own, then the rest as one message."""
    rendered: list[dict[str, object]] = []
    content: list[dict[str, object]] = []
    for j, part in enumerate(message.parts):
        path = f"{field}.content[{j}]"
        if isinstance(part, ToolResult):
            rendered.append(_tool_message(part))
            content += _what_the_tool_showed(part, path)
        else:
            content.append(_user_part(part, path))
    if len(content) == 1 and content[0]["type"] == "text":
        rendered.append({"role": "user", "content": content[0]["text"]})
    elif content:
        rendered.append({"role": "user", "content": content})
    return rendered


def _tool_message(result: ToolResult) -> dict[str, object]:
    text = "\n".join(part.text for part in result.content if isinstance(part, Text))
    return {"role": "tool", "tool_call_id": result.call_id, "content": text}


def _what_the_tool_showed(result: ToolResult, field: str) -> list[dict[str, object]]:
    """Pictures and files: a tool's message can only be text here, so they follow as the user's, with a word."""
    shown = [
        _user_part(part, f"{field}.content[{k}]") for k, part in enumerate(result.content) if not isinstance(part, Text)
    ]
    if not shown:
        return []
    return [{"type": "text", "text": f"From the result of tool call {result.call_id}:"}, *shown]


def _user_part(part: Part, field: str) -> dict[str, object]:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Image(source=source, detail=detail):
            image = {"url": address(source)}
            return {"type": "image_url", "image_url": image | ({"detail": detail} if detail else {})}
        case Document():
            return _document(part, field)
        case _:
            raise UntranslatableError(field, "does not belong in a message of the user")


def _document(document: Document, field: str) -> dict[str, object]:
    match document.source:
        case TextSource():
            return {"type": "text", "text": plain_document(document, field)}
        case UrlSource():
            raise UntranslatableError(f"{field}.source", "this model takes documents only inside the body, as base64")
        case Base64Source():
            file = {"filename": document.title or _FILE_NAME, "file_data": address(document.source)}
            return {"type": "file", "file": file}


def _assistant_message(message: Message, field: str) -> list[dict[str, object]]:
    """One message, or none where nothing is left that another provider may read."""
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[dict[str, object]] = []
    for j, part in enumerate(message.parts):
        match part:
            case Text(text=text):
                texts.append(text)
            case Thinking(text=text, signature=None):
                thoughts.append(text)
            case Thinking() | RedactedThinking():
                # Signed for the provider that wrote it; operators of this format refuse what they do not know.
                pass
            case ToolCall():
                calls.append(_call(part, f"{field}.content[{j}]"))
            case _:
                raise UntranslatableError(f"{field}.content[{j}]", "an assistant can only have written text")
    if not texts and not thoughts and not calls:
        return []
    rendered: dict[str, object] = {"role": "assistant", "content": "".join(texts) if texts or not calls else None}
    if thoughts:
        rendered["reasoning_content"] = "".join(thoughts)
    if calls:
        rendered["tool_calls"] = calls
    return [rendered]


def _call(call: ToolCall, field: str) -> dict[str, object]:
    if call.arguments.strip():
        embed_object(call.arguments, f"{field}.arguments")
    function = {"name": call.name, "arguments": call.arguments.strip() or "{}"}
    return {"id": call.id, "type": "function", "function": function}
