"""Messages of the conversation -> items of OpenAI's Responses format.

Thinking goes back only to who wrote it: what is signed for the speakers of this format, as a reasoning item. The rest
is left out.
"""

from collections.abc import Sequence
from typing import Final

from headgate.domain.conversation import (
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
from headgate.translate.signatures import of_responses

Item = dict[str, object]
_FILE_NAME: Final = "document"


def render_items(messages: Sequence[Message]) -> list[Item]:
    """Write the items of messages.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    items: list[Item] = []
    for i, message in enumerate(messages):
        field = f"messages[{i}]"
        match message.role:
            case Role.ASSISTANT:
                items += _assistant_items(message, field)
            case Role.SYSTEM:
                texts = [only_text(part, f"{field}.content[{j}]") for j, part in enumerate(message.parts)]
                items.append({"role": "developer", "content": joined(texts)})
            case Role.USER:
                items += _user_items(message, field)
    return items


def _user_items(message: Message, field: str) -> list[Item]:
    """Results of tools first, each as an item of its own, then the rest as one message."""
    items: list[Item] = []
    content: list[Item] = []
    for j, part in enumerate(message.parts):
        path = f"{field}.content[{j}]"
        if isinstance(part, ToolResult):
            items.append(_output(part, path))
        else:
            content.append(_shown(part, path))
    if len(content) == 1 and content[0]["type"] == "input_text":
        items.append({"role": "user", "content": content[0]["text"]})
    elif content:
        items.append({"role": "user", "content": content})
    return items


def _output(result: ToolResult, field: str) -> Item:
    texts = [part.text for part in result.content if isinstance(part, Text)]
    output: object = "\n".join(texts)
    if len(texts) != len(result.content):
        output = [_shown(part, f"{field}.content[{k}]") for k, part in enumerate(result.content)]
    return {"type": "function_call_output", "call_id": result.call_id, "output": output}


def _shown(part: Part, field: str) -> Item:
    match part:
        case Text(text=text):
            return {"type": "input_text", "text": text}
        case Image(source=source, detail=detail):
            return {"type": "input_image", "image_url": address(source), "detail": detail or "auto"}
        case Document():
            return _document(part, field)
        case _:
            raise UntranslatableError(field, "does not belong in a message of the user")


def _document(document: Document, field: str) -> Item:
    match document.source:
        case TextSource():
            return {"type": "input_text", "text": plain_document(document, field)}
        case UrlSource(url=url):
            return {"type": "input_file", "file_url": url}
        case source:
            data = address(source)
            return {"type": "input_file", "filename": document.title or _FILE_NAME, "file_data": data}


def _assistant_items(message: Message, field: str) -> list[Item]:
    items: list[Item] = []
    texts: list[str] = []
    for j, part in enumerate(message.parts):
        if isinstance(part, Text):
            texts.append(part.text)
        elif item := _assistant_item(part, f"{field}.content[{j}]"):
            items += [*_written(texts), item]
            texts = []
    return [*items, *_written(texts)]


def _written(texts: Sequence[str]) -> list[Item]:
    """One message, or none. Not every speaker takes parts here, so that a text alone is a text."""
    if not texts:
        return []
    parts = [{"type": "output_text", "text": text} for text in texts]
    return [{"role": "assistant", "content": texts[0] if len(texts) == 1 else parts}]


def _assistant_item(part: Part, field: str) -> Item | None:
    match part:
        case ToolCall():
            if part.arguments.strip():
                embed_object(part.arguments, f"{field}.arguments")
            arguments = part.arguments.strip() or "{}"
            return {"type": "function_call", "call_id": part.id, "name": part.name, "arguments": arguments}
        case Thinking(text=text, signature=signature):
            encrypted = of_responses(signature)
            if encrypted is None:
                return None
            summary = [{"type": "summary_text", "text": text}] if text else []
            return {"type": "reasoning", "summary": summary, "encrypted_content": encrypted}
        case RedactedThinking():
            return None
        case _:
            raise UntranslatableError(field, "an assistant can only have written text")
