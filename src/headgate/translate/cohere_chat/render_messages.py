"""Messages of the conversation -> messages of Cohere's chat format."""

from collections.abc import Sequence

from headgate.domain.conversation import (
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
from headgate.translate.content import address, joined, only_text, plain_document
from headgate.translate.decoding import embed_object

Item = dict[str, object]


def render_messages(conversation: Conversation, *, thinks: bool) -> list[Item]:
    """Write system and messages. `thinks`: the model reads its earlier thoughts.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    rendered: list[Item] = []
    if conversation.system:
        rendered.append({"role": "system", "content": joined(conversation.system)})
    for i, message in enumerate(conversation.messages):
        field = f"messages[{i}]"
        if message.role is Role.ASSISTANT:
            rendered += _assistant_message(message, field, thinks=thinks)
        elif message.role is Role.SYSTEM:
            texts = [only_text(part, f"{field}.content[{j}]") for j, part in enumerate(message.parts)]
            rendered.append({"role": "system", "content": joined(texts)})
        else:
            rendered += _user_messages(message, field)
    return rendered


def _user_messages(message: Message, field: str) -> list[Item]:
    """Results of tools first, each as a message of its own, then the rest as one message."""
    rendered: list[Item] = []
    items: list[Item] = []
    for j, part in enumerate(message.parts):
        path = f"{field}.content[{j}]"
        if isinstance(part, ToolResult):
            rendered.append(_tool_message(part, path))
            items += _pictures(part)
        else:
            items.append(_user_item(part, path))
    if items:
        rendered.append({"role": "user", "content": _shortest(items)})
    return rendered


def _shortest(items: Sequence[Item]) -> object:
    return items[0]["text"] if len(items) == 1 and items[0]["type"] == "text" else items


def _user_item(part: Part, field: str) -> Item:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Image():
            return _image(part)
        case Document():
            return {"type": "text", "text": plain_document(part, field)}
        case _:
            raise UntranslatableError(field, "does not belong in a message of the user")


def _image(image: Image) -> Item:
    url: Item = {"url": address(image.source)}
    return {"type": "image_url", "image_url": url | ({"detail": image.detail} if image.detail else {})}


def _tool_message(result: ToolResult, field: str) -> Item:
    texts: list[str] = []
    for k, part in enumerate(result.content):
        match part:
            case Text(text=text):
                texts.append(text)
            case Document():
                texts.append(plain_document(part, f"{field}.content[{k}]"))
            case Image():
                pass
    return {"role": "tool", "tool_call_id": result.call_id, "content": "\n".join(texts)}


def _pictures(result: ToolResult) -> list[Item]:
    """A tool's message can only be text, so that its pictures follow as the user's, with a word."""
    images = [_image(part) for part in result.content if isinstance(part, Image)]
    word: Item = {"type": "text", "text": f"From the result of tool call {result.call_id}:"}
    return [word, *images] if images else []


def _assistant_message(message: Message, field: str, *, thinks: bool) -> list[Item]:
    """One message, or none where nothing is left that this model may read."""
    texts: list[str] = []
    thoughts: list[Item] = []
    calls: list[Item] = []
    for j, part in enumerate(message.parts):
        path = f"{field}.content[{j}]"
        match part:
            case Text(text=text):
                texts.append(text)
            case Thinking(text=text, signature=None):
                if thinks:
                    thoughts.append({"type": "thinking", "thinking": text})
            case Thinking() | RedactedThinking():
                pass  # Signed for the provider that wrote it.
            case ToolCall():
                calls.append(_call(part, path))
            case _:
                raise UntranslatableError(path, "an assistant can only have written text")
    return [_assembled("".join(texts), thoughts, calls)] if texts or thoughts or calls else []


def _assembled(text: str, thoughts: list[Item], calls: list[Item]) -> Item:
    """Beside calls, what was said is their plan."""
    rendered: Item = {"role": "assistant"}
    if calls:
        rendered |= {"tool_plan": text} if text else {}
        rendered |= {"content": thoughts} if thoughts else {}
        return rendered | {"tool_calls": calls}
    said: list[Item] = [{"type": "text", "text": text}] if text else []
    return rendered | {"content": [*thoughts, *said] if thoughts else text}


def _call(call: ToolCall, field: str) -> Item:
    if call.arguments.strip():
        embed_object(call.arguments, f"{field}.arguments")
    function = {"name": call.name, "arguments": call.arguments.strip() or "{}"}
    return {"id": call.id, "type": "function", "function": function}
