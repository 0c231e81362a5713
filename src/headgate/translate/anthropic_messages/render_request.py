"""Conversation -> request body of Anthropic's messages format."""

from typing import Final, cast

import msgspec

from headgate.domain.conversation import (
    Conversation,
    JsonFormat,
    JsonSchemaFormat,
    Role,
    Text,
    Tool,
    ToolChoice,
    ToolChoiceKind,
)
from headgate.translate.anthropic_messages.render_messages import cached, render_messages, text_blocks
from headgate.translate.anthropic_messages.render_thinking import render_thinking
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode, embed_object, encode

_CHOICES: Final = {
    ToolChoiceKind.AUTO: "auto",
    ToolChoiceKind.NONE: "none",
    ToolChoiceKind.REQUIRED: "any",
    ToolChoiceKind.NAMED: "tool",
}
_HOTTEST: Final = 1.0
"""Temperatures end here; OpenAI's go to 2."""


def render_request(conversation: Conversation, *, model: str, default_max_tokens: int) -> bytes:
    """Write a request.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    max_tokens = conversation.max_output_tokens or default_max_tokens
    body: dict[str, object] = {"model": model, "max_tokens": max_tokens}
    system = text_blocks(_instructions(conversation))
    if system:
        body["system"] = system
    body["messages"] = render_messages(conversation.messages)
    _put_tools(body, conversation)
    body |= render_thinking(conversation, model=model, max_tokens=max_tokens)
    _put_sampling(body, conversation)
    if conversation.response_format is not None:
        body["output_config"] = _output_config(body, conversation.response_format)
    if conversation.user is not None:
        body["metadata"] = {"user_id": conversation.user}
    if conversation.stream:
        body["stream"] = True
    return encode(cached(body, conversation.cache), "body")


def _instructions(conversation: Conversation) -> list[Text]:
    """All instructions: the format has one place for them, before the first message."""
    later = [
        part
        for message in conversation.messages
        if message.role is Role.SYSTEM
        for part in message.parts
        if isinstance(part, Text)
    ]
    return [*conversation.system, *later]


def _put_tools(body: dict[str, object], conversation: Conversation) -> None:
    if not conversation.tools:
        return
    body["tools"] = [_tool(tool, f"tools[{i}]") for i, tool in enumerate(conversation.tools)]
    choice = conversation.tool_choice
    if conversation.parallel_tool_calls is False:
        choice = choice or ToolChoice(kind=ToolChoiceKind.AUTO)
    if choice is None:
        return
    rendered: dict[str, object] = {"type": _CHOICES[choice.kind]}
    if choice.kind is ToolChoiceKind.NAMED:
        rendered["name"] = choice.name or ""
    if conversation.parallel_tool_calls is False and choice.kind is not ToolChoiceKind.NONE:
        rendered["disable_parallel_tool_use"] = True
    body["tool_choice"] = rendered


def _tool(tool: Tool, field: str) -> dict[str, object]:
    rendered: dict[str, object] = {"name": tool.name}
    if tool.description is not None:
        rendered["description"] = tool.description
    rendered["input_schema"] = _input_schema(tool.parameters, f"{field}.parameters")
    if tool.strict is not None:
        rendered["strict"] = tool.strict
    return cached(rendered, tool.cache)


def _input_schema(parameters: str | None, field: str) -> object:
    """The schema as it was written; the format insists on its type."""
    if parameters is None:
        return {"type": "object"}
    fields = decode(parameters.encode(), dict[str, msgspec.Raw], field)
    return embed_object(parameters, field) if "type" in fields else {"type": "object", **fields}


def _put_sampling(body: dict[str, object], conversation: Conversation) -> None:
    if conversation.stop_sequences:
        body["stop_sequences"] = conversation.stop_sequences
    thinks = body.get("thinking") not in (None, {"type": "disabled"})
    if thinks:
        return  # Anthropic refuses every sampling knob beside thinking.
    if conversation.temperature is not None:
        body["temperature"] = min(conversation.temperature, _HOTTEST)
    if conversation.top_p is not None:
        body["top_p"] = conversation.top_p
    if conversation.top_k is not None:
        body["top_k"] = conversation.top_k


def _output_config(body: dict[str, object], given: JsonSchemaFormat | JsonFormat) -> dict[str, object]:
    if isinstance(given, JsonFormat):
        raise UntranslatableError("response_format.type", "this model needs a schema: use json_schema")
    schema = embed_object(given.schema, "response_format.schema")
    effort = cast("dict[str, object]", body.get("output_config", {}))
    return {**effort, "format": {"type": "json_schema", "schema": schema}}
