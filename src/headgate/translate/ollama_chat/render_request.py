"""Conversation -> request body of Ollama's chat format."""

from typing import Final

import msgspec

from headgate.domain.conversation import (
    Conversation,
    JsonSchemaFormat,
    Reasoning,
    Tool,
    ToolChoiceKind,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import embed_object, encode
from headgate.translate.ollama_chat.model_families import takes_level, takes_thinking
from headgate.translate.ollama_chat.render_messages import render_messages

_LEVELS: Final = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
_LEVEL_OF_BUDGET: Final = ((2_048, "low"), (8_192, "medium"))
"""Largest budget in tokens -> level; above the last one it is high."""
_NO_PARAMETERS: Final = msgspec.Raw(b'{"type":"object","properties":{}}')


def render_request(conversation: Conversation, *, model: str) -> bytes:
    """Write a request. Whether it streams is always said: the format streams unless told not to.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    body: dict[str, object] = {
        "model": model,
        "messages": render_messages(conversation),
        "stream": conversation.stream,
    }
    _put_tools(body, conversation)
    if conversation.response_format is not None:
        given = conversation.response_format
        is_schema = isinstance(given, JsonSchemaFormat)
        body["format"] = embed_object(given.schema, "response_format.schema") if is_schema else "json"
    if conversation.reasoning is not None and takes_thinking(model):
        body["think"] = _think(conversation.reasoning, model)
    if options := _options(conversation):
        body["options"] = options
    return encode(body, "body")


def _put_tools(body: dict[str, object], conversation: Conversation) -> None:
    choice = conversation.tool_choice
    kind = ToolChoiceKind.AUTO if choice is None else choice.kind
    if not conversation.tools or kind is ToolChoiceKind.NONE:
        return  # A tool that must not be called is not shown: the format has no word for it.
    if kind is not ToolChoiceKind.AUTO:
        raise UntranslatableError("tool_choice", "this model cannot be made to call a tool: use auto")
    if conversation.parallel_tool_calls is False:
        raise UntranslatableError("parallel_tool_calls", "this model may call several tools at once: leave it out")
    body["tools"] = [_tool(tool, f"tools[{i}]") for i, tool in enumerate(conversation.tools)]


def _tool(tool: Tool, field: str) -> dict[str, object]:
    function: dict[str, object] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    given = tool.parameters
    function["parameters"] = _NO_PARAMETERS if given is None else embed_object(given, f"{field}.parameters")
    return {"type": "function", "function": function}


def _think(reasoning: Reasoning, model: str) -> bool | str:
    if reasoning.enabled is False:
        return False
    if not takes_level(model):
        return True
    if reasoning.effort is not None:
        return _LEVELS.get(reasoning.effort, "medium")
    if reasoning.budget_tokens is None:
        return True
    return next((level for most, level in _LEVEL_OF_BUDGET if reasoning.budget_tokens <= most), "high")


def _options(conversation: Conversation) -> dict[str, object]:
    given: dict[str, object | None] = {
        "num_predict": conversation.max_output_tokens,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "top_k": conversation.top_k,
        "stop": conversation.stop_sequences or None,
    }
    return {name: value for name, value in given.items() if value is not None}
