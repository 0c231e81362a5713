"""Conversation -> request body of OpenAI's chat completions format."""

from typing import Final

import msgspec

from headgate.domain.conversation import (
    Conversation,
    JsonFormat,
    JsonSchemaFormat,
    Tool,
    ToolChoice,
    ToolChoiceKind,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import embed_object, encode
from headgate.translate.openai_chat.render_messages import render_messages
from headgate.translate.openai_models import is_openai_reasoning, render_effort, takes_effort

_MOST_STOP_SEQUENCES: Final = 4
_NO_PARAMETERS: Final = msgspec.Raw(b'{"type":"object","properties":{}}')


def render_request(conversation: Conversation, *, model: str, ask_for_usage: bool = True) -> bytes:
    """Write a request; a streamed one asks for usage unless told not to.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    body: dict[str, object] = {"model": model, "messages": render_messages(conversation)}
    _put_tools(body, conversation)
    _put_sampling(body, conversation, model)
    if len(conversation.stop_sequences) > _MOST_STOP_SEQUENCES:
        raise UntranslatableError("stop_sequences", f"this model takes at most {_MOST_STOP_SEQUENCES}")
    if conversation.stop_sequences:
        body["stop"] = conversation.stop_sequences
    if conversation.response_format is not None:
        body["response_format"] = _response_format(conversation.response_format)
    if conversation.user is not None:
        body["user"] = conversation.user
    if conversation.stream:
        body["stream"] = True
    if conversation.stream and ask_for_usage:
        # The books need the figures, whether or not the caller wants to see them.
        body["stream_options"] = {"include_usage": True}
    return encode(body, "body")


def _put_tools(body: dict[str, object], conversation: Conversation) -> None:
    if not conversation.tools:
        return
    body["tools"] = [_tool(tool, f"tools[{i}]") for i, tool in enumerate(conversation.tools)]
    if conversation.tool_choice is not None:
        body["tool_choice"] = _tool_choice(conversation.tool_choice)
    if conversation.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = conversation.parallel_tool_calls


def _put_sampling(body: dict[str, object], conversation: Conversation, model: str) -> None:
    reasoning = is_openai_reasoning(model)
    if conversation.max_output_tokens is not None:
        body["max_completion_tokens" if reasoning else "max_tokens"] = conversation.max_output_tokens
    if not reasoning:
        if conversation.temperature is not None:
            body["temperature"] = conversation.temperature
        if conversation.top_p is not None:
            body["top_p"] = conversation.top_p
    effort = render_effort(conversation.reasoning)
    if effort is not None and takes_effort(model):
        body["reasoning_effort"] = effort


def _tool(tool: Tool, field: str) -> dict[str, object]:
    function: dict[str, object] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    given = tool.parameters
    function["parameters"] = _NO_PARAMETERS if given is None else embed_object(given, f"{field}.parameters")
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _tool_choice(choice: ToolChoice) -> object:
    if choice.kind is ToolChoiceKind.NAMED:
        return {"type": "function", "function": {"name": choice.name or ""}}
    return choice.kind.value


def _response_format(given: JsonSchemaFormat | JsonFormat) -> dict[str, object]:
    if isinstance(given, JsonFormat):
        return {"type": "json_object"}
    named: dict[str, object] = {
        "name": given.name or "answer",
        "schema": embed_object(given.schema, "response_format.schema"),
    }
    if given.description is not None:
        named["description"] = given.description
    if given.strict is not None:
        named["strict"] = given.strict
    return {"type": "json_schema", "json_schema": named}
