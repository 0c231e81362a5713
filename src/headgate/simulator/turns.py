"""Messages and tools as several chat formats write them: a role and a content, functions with a schema."""

import msgspec

from headgate.simulator.ask import Tool
from headgate.simulator.reading import ABSENT, decode, is_given, read_part
from headgate.simulator.refusals import Refusal
from headgate.simulator.tokens import count_raw_tokens, count_tokens

PER_MESSAGE = 3
PER_PROMPT = 3
"""Tokens around a message, and around the prompt."""
ANY_OBJECT: dict[str, object] = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
}
"""Schema of an answer that must be some object."""


class _Message(msgspec.Struct, frozen=True):
    role: str
    content: str | list[msgspec.Raw] | None = None
    name: str | None = None
    tool_calls: msgspec.Raw = ABSENT
    images: msgspec.Raw = ABSENT
    """Ollama's pictures."""
    tool_plan: str | None = None
    """Cohere's text before calls."""


class _Function(msgspec.Struct, frozen=True):
    name: str
    parameters: dict[str, object] | None = None


class _Tool(msgspec.Struct, frozen=True):
    function: _Function


class Turns(msgspec.Struct, frozen=True):
    """What the messages come to."""

    tokens: int
    last_user_text: str
    user_spoke_last: bool


_messages = msgspec.json.Decoder(list[_Message])
_tools = msgspec.json.Decoder(list[_Tool])


def read_turns(raw: msgspec.Raw) -> Turns:
    """Read and count messages.

    Raises:
        Refusal: 400, there is none, or one cannot be read.
    """
    messages = decode(_messages, bytes(raw))
    if not messages:
        raise Refusal(400, "'messages' is empty.", param="messages", code="empty_array")
    tokens = 0
    last_user_text = ""
    for message in messages:
        text, its_tokens = read_content(message.content)
        tokens += its_tokens + PER_MESSAGE
        for beside in (message.name, message.tool_plan):
            tokens += count_tokens(beside or "")
        for kept in (message.tool_calls, message.images):
            tokens += count_raw_tokens(memoryview(kept)) if is_given(kept) else 0
        if message.role == "user":
            last_user_text = text
    return Turns(tokens, last_user_text, messages[-1].role == "user")


def read_content(content: str | list[msgspec.Raw] | None) -> tuple[str, int]:
    """Text and tokens of a content: a text, parts, or nothing."""
    if content is None:
        return "", 0
    if isinstance(content, str):
        return content, count_tokens(content)
    parts = [read_part(raw) for raw in content]
    return "\n".join(text for text, _ in parts if text), sum(tokens for _, tokens in parts)


def read_functions(raw: msgspec.Raw) -> tuple[Tool, ...]:
    """Read `tools`.

    Raises:
        Refusal: 400, one cannot be read.
    """
    if not is_given(raw):
        return ()
    return tuple(
        Tool(tool.function.name, tool.function.parameters or {"type": "object"}) for tool in decode(_tools, bytes(raw))
    )
