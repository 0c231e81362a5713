"""Messages of the conversation -> messages of Bedrock's Converse format.

Turns alternate there: neighbours of one role become one message, results of tools first. Blank text is refused there,
so it is left out; so are thoughts that the model cannot read back, and a message of which nothing is left.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

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
from headgate.translate.bedrock_converse.blobs import render_blob
from headgate.translate.bedrock_converse.model_families import Family
from headgate.translate.bedrock_converse.render_documents import Documents
from headgate.translate.bedrock_converse.render_tools import cache_point
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import embed_object
from headgate.translate.signatures import googles

_NOT_IN_AN_ID: Final = re.compile(r"[^a-zA-Z0-9_.:-]")
_LONGEST_ID: Final = 64

Block = dict[str, object]
_BETWEEN: Final[Block] = {"text": "\n"}


def text_blocks(texts: Sequence[Text], family: Family) -> list[Block]:
    """Blocks of whatever is not blank, with the ends of what may be cached."""
    return [
        block
        for text in texts
        if text.text.strip() or (text.text and text.cache is not None and family.caches)
        for block in _cached({"text": text.text}, text.cache, family)
    ]


def render_messages(messages: Sequence[Message], family: Family, *, cache: CacheHint | None = None) -> list[Block]:
    """Write messages; those of the system are left to the caller. `cache`: all of them may be cached.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    writer = _Writer(family)
    turns: list[tuple[Role, list[Block]]] = []
    for i, message in enumerate(messages):
        if message.role is Role.SYSTEM:
            continue
        blocks = writer.blocks(message, f"messages[{i}]")
        if turns and turns[-1][0] is message.role:
            turns[-1][1].extend(blocks)
        elif blocks:
            turns.append((message.role, blocks))
    if not turns:
        raise UntranslatableError("messages", "this model needs a message that is not empty")
    rendered = [(role, sorted(blocks, key=_results_first)) for role, blocks in turns]
    if cache is not None and family.caches:
        rendered[-1][1].append(cache_point(cache))
    return [{"role": role.value, "content": blocks} for role, blocks in rendered]


def _results_first(block: Block) -> bool:
    return "toolResult" not in block


def _cached(block: Block, hint: CacheHint | None, family: Family) -> list[Block]:
    """The block, and behind it the end of what may be cached, if the model takes that."""
    return [block] if hint is None or not family.caches else [block, cache_point(hint)]


class _Writer:
    """Writes the messages of one request."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self._documents = Documents()

    def blocks(self, message: Message, field: str) -> list[Block]:
        written: list[Block] = []
        for j, part in enumerate(message.parts):
            path = f"{field}.content[{j}]"
            if message.role is Role.ASSISTANT:
                written += self._said(part, path)
            elif isinstance(part, ToolResult):
                written += self._result(part, path)
            else:
                written += self._shown(part, path)
        return written

    def _said(self, part: Part, field: str) -> list[Block]:
        match part:
            case Text():
                return text_blocks([part], self._family)
            case Thinking() | RedactedThinking():
                return self._thought(part)
            case ToolCall():
                arguments = embed_object(part.arguments.strip() or "{}", f"{field}.arguments")
                call: Block = {"toolUseId": _id(part.id), "name": part.name, "input": arguments}
                return _cached({"toolUse": call}, part.cache, self._family)
            case _:
                raise UntranslatableError(field, "an assistant can only have written text")

    def _thought(self, part: Thinking | RedactedThinking) -> list[Block]:
        """Only Claude reads its thoughts back, and only what Claude signed."""
        if self._family is not Family.CLAUDE:
            return []
        match part:
            case Thinking(text=text, signature=str(signature)) if googles(signature) is None:
                return [{"reasoningContent": {"reasoningText": {"text": text, "signature": signature}}}]
            case RedactedThinking(data=data):
                return [{"reasoningContent": {"redactedContent": render_blob(data)}}]
            case _:
                return []

    def _result(self, result: ToolResult, field: str) -> list[Block]:
        content = [
            block for k, part in enumerate(result.content) for block in self._in_result(part, f"{field}.content[{k}]")
        ]
        rendered: Block = {"toolUseId": _id(result.call_id), "content": content}
        if result.is_error and self._family.tells_failed_tools:
            rendered["status"] = "error"
        return _cached({"toolResult": rendered}, result.cache, self._family)

    def _in_result(self, part: Text | Image | Document, field: str) -> list[Block]:
        """A result takes no ends of what may be cached inside it."""
        match part:
            case Text(text=text):
                return [{"text": text}] if text.strip() else []
            case Image():
                return [self._documents.image(part, field)]
            case Document():
                return [self._documents.document(part, field)]

    def _shown(self, part: Part, field: str) -> list[Block]:
        match part:
            case Text():
                return text_blocks([part], self._family)
            case Image():
                return _cached(self._documents.image(part, field), part.cache, self._family)
            case Document():
                document = self._documents.document(part, field)
                cached = _cached(document, part.cache, self._family)
                # Right behind a document Bedrock takes no end of what may be cached.
                return cached if len(cached) == 1 else [document, _BETWEEN, *cached[1:]]
            case _:
                raise UntranslatableError(field, "does not belong in a message of the user")


def _id(given: str) -> str:
    """Other operators write ids that Bedrock refuses; a call and its result change alike."""
    clean = _NOT_IN_AN_ID.sub("_", given) or "_"
    if len(clean) <= _LONGEST_ID:
        return clean
    return clean[: _LONGEST_ID - 33] + "_" + hashlib.blake2s(clean.encode(), digest_size=16).hexdigest()
