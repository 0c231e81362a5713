"""Messages of the conversation -> messages of Ollama's chat format.

A message has one text, and its pictures beside it as bare base64. Results of tools name the tool that said it.
"""

from collections.abc import Mapping

import msgspec

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
    Thinking,
    ToolCall,
    ToolResult,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.content import joined, only_text, plain_document, tool_names
from headgate.translate.decoding import embed_object

Item = dict[str, object]

_NO_ARGUMENTS = msgspec.Raw(b"{}")


def render_messages(conversation: Conversation) -> list[Item]:
    """Write system and messages.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    names = tool_names(conversation)
    rendered: list[Item] = []
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
            rendered += _user_messages(message, field, names)
    return rendered


def _user_messages(message: Message, field: str, names: Mapping[str, str]) -> list[Item]:
    """Results of tools first, each as a message of its own, then the rest as one message."""
    rendered: list[Item] = []
    shown: list[Part] = []
    for j, part in enumerate(message.parts):
        path = f"{field}.content[{j}]"
        if isinstance(part, ToolResult):
            rendered.append(_tool_message(part, path, names))
        else:
            shown.append(part)
    return [*rendered, _shown("user", shown, f"{field}.content")] if shown else rendered


def _shown(role: str, parts: list[Part], field: str) -> Item:
    texts: list[str] = []
    images: list[str] = []
    for j, part in enumerate(parts):
        path = f"{field}[{j}]"
        match part:
            case Text(text=text):
                texts.append(text)
            case Document():
                texts.append(plain_document(part, path))
            case Image():
                images.append(_picture(part, path))
            case _:
                raise UntranslatableError(path, "does not belong in a message of the user")
    message: Item = {"role": role, "content": "\n".join(texts)}
    return message | ({"images": images} if images else {})


def _picture(image: Image, field: str) -> str:
    if not isinstance(image.source, Base64Source):
        raise UntranslatableError(f"{field}.source", "this model takes pictures only inside the body, as base64")
    return image.source.data


def _tool_message(result: ToolResult, field: str, names: Mapping[str, str]) -> Item:
    message = _shown("tool", list(result.content), f"{field}.content")
    named: Item = {"tool_name": names[result.call_id]} if result.call_id in names else {}
    return message | named | {"tool_call_id": result.call_id}


def _assistant_message(message: Message, field: str) -> list[Item]:
    """One message, or none where nothing is left that this model may read."""
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[Item] = []
    for j, part in enumerate(message.parts):
        path = f"{field}.content[{j}]"
        match part:
            case Text(text=text):
                texts.append(text)
            case Thinking(text=text, signature=None):
                thoughts.append(text)
            case Thinking() | RedactedThinking():
                pass  # Signed for the provider that wrote it.
            case ToolCall():
                calls.append(_call(part, path))
            case _:
                raise UntranslatableError(path, "an assistant can only have written text")
    if not texts and not thoughts and not calls:
        return []
    rendered: Item = {"role": "assistant", "content": "".join(texts)}
    if thoughts:
        rendered["thinking"] = "".join(thoughts)
    return [rendered | ({"tool_calls": calls} if calls else {})]


def _call(call: ToolCall, field: str) -> Item:
    given = call.arguments.strip()
    arguments = embed_object(given, f"{field}.arguments") if given else _NO_ARGUMENTS
    return {"id": call.id, "function": {"name": call.name, "arguments": arguments}}
