"""Messages of the conversation -> messages of Anthropic's messages format.

Turns alternate there: neighbours of one role become one message, results of tools first. Empty text is refused there,
so it is left out; so is thinking that Anthropic did not sign, and a message of which nothing is left.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final

from headgate.domain.conversation import (
    Base64Source,
    CacheHint,
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
from headgate.translate.signatures import is_marked

_NOT_IN_AN_ID: Final = re.compile(r"[^a-zA-Z0-9_-]")
_PDF: Final = "application/pdf"

Block = dict[str, object]


def cached(block: Block, hint: CacheHint | None) -> Block:
    """Add the cache hint, if there is one."""
    if hint is None:
        return block
    control = {"type": "ephemeral"} | ({"ttl": hint.value} if hint is CacheHint.ONE_HOUR else {})
    return {**block, "cache_control": control}


def text_blocks(texts: Sequence[Text]) -> list[Block]:
    """Text blocks of whatever is not empty."""
    return [cached({"type": "text", "text": text.text}, text.cache) for text in texts if text.text]


def render_messages(messages: Sequence[Message]) -> list[Block]:
    """Write messages; those of the system are left to the caller.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    turns: list[tuple[Role, list[Block]]] = []
    for i, message in enumerate(messages):
        if message.role is Role.SYSTEM:
            continue
        blocks = _blocks(message, f"messages[{i}]")
        if turns and turns[-1][0] is message.role:
            turns[-1][1].extend(blocks)
        elif blocks:
            turns.append((message.role, blocks))
    if not turns:
        raise UntranslatableError("messages", "this model needs a message that is not empty")
    return [{"role": role.value, "content": sorted(blocks, key=_results_first)} for role, blocks in turns]


def _results_first(block: Block) -> bool:
    return block["type"] != "tool_result"


def _blocks(message: Message, field: str) -> list[Block]:
    blocks: list[Block] = []
    for j, part in enumerate(message.parts):
        path = f"{field}.content[{j}]"
        if message.role is Role.ASSISTANT:
            blocks += _assistant_blocks(part, path)
        elif isinstance(part, ToolResult):
            blocks.append(_tool_result(part, path))
        else:
            blocks += _shown(part, path)
    return blocks


def _assistant_blocks(part: Part, field: str) -> list[Block]:
    match part:
        case Text():
            return text_blocks([part])
        case Thinking(text=text, signature=str(signature)) if not is_marked(signature):
            return [{"type": "thinking", "thinking": text, "signature": signature}]
        case RedactedThinking(data=data):
            return [{"type": "redacted_thinking", "data": data}]
        case Thinking():
            return []
        case ToolCall():
            arguments = embed_object(part.arguments.strip() or "{}", f"{field}.arguments")
            block: Block = {"type": "tool_use", "id": _id(part.id), "name": part.name, "input": arguments}
            return [cached(block, part.cache)]
        case _:
            raise UntranslatableError(field, "an assistant can only have written text")


def _id(given: str) -> str:
    """Other operators write ids that Anthropic refuses; a call and its result change alike."""
    return _NOT_IN_AN_ID.sub("_", given) or "_"


def _tool_result(result: ToolResult, field: str) -> Block:
    content = [block for k, part in enumerate(result.content) for block in _shown(part, f"{field}.content[{k}]")]
    block: Block = {"type": "tool_result", "tool_use_id": _id(result.call_id)}
    if content:
        block["content"] = content
    if result.is_error:
        block["is_error"] = True
    return cached(block, result.cache)


def _shown(part: Part, field: str) -> list[Block]:
    match part:
        case Text():
            return text_blocks([part])
        case Image(source=source):
            return [cached({"type": "image", "source": _source(source)}, part.cache)]
        case Document(source=source, title=title):
            block: Block = {"type": "document", "source": _document_source(source, f"{field}.source")}
            return [cached(block | ({"title": title} if title else {}), part.cache)]
        case _:
            raise UntranslatableError(field, "does not belong in a message of the user")


def _source(source: Base64Source | UrlSource) -> Block:
    if isinstance(source, UrlSource):
        return {"type": "url", "url": source.url}
    return {"type": "base64", "media_type": source.media_type, "data": source.data}


def _document_source(source: Base64Source | UrlSource | TextSource, field: str) -> Block:
    if isinstance(source, TextSource):
        return _plain(source.text)
    if isinstance(source, UrlSource) or source.media_type == _PDF:
        return _source(source)
    if not source.media_type.startswith("text/"):
        raise UntranslatableError(field, f"this model reads PDF and text, not {source.media_type}")
    try:
        return _plain(base64.b64decode(source.data, validate=True).decode())
    except (binascii.Error, UnicodeDecodeError) as error:
        raise UntranslatableError(field, "is not base64 of UTF-8 text") from error


def _plain(text: str) -> Block:
    return {"type": "text", "media_type": "text/plain", "data": text}
