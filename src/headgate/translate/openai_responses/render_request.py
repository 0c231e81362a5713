"""Conversation -> request body of OpenAI's Responses format."""

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
from headgate.translate.content import joined
from headgate.translate.decoding import embed_object, encode
from headgate.translate.openai_models import is_openai_reasoning, render_effort, takes_effort
from headgate.translate.openai_responses.render_items import render_items

_NO_PARAMETERS: Final = msgspec.Raw(b'{"type":"object","properties":{}}')


def render_request(conversation: Conversation, *, model: str) -> bytes:
    """Write a request. Nothing of it is to be stored: the caller's format sends everything again each time.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    if conversation.stop_sequences:
        raise UntranslatableError("stop_sequences", "this model's format has none: leave them out")
    body: dict[str, object] = {"model": model, "input": render_items(conversation.messages), "store": False}
    if conversation.system:
        body["instructions"] = joined(conversation.system)
    _put_tools(body, conversation)
    _put_sampling(body, conversation, model)
    if conversation.response_format is not None:
        body["text"] = {"format": _format(conversation.response_format)}
    if conversation.user is not None:
        body["user"] = conversation.user
    if conversation.stream:
        body["stream"] = True
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
    if conversation.max_output_tokens is not None:
        body["max_output_tokens"] = conversation.max_output_tokens
    if is_openai_reasoning(model):
        # What it thought must come along, for it to go on from there: nothing is kept for it.
        body["include"] = ["reasoning.encrypted_content"]
    else:
        if conversation.temperature is not None:
            body["temperature"] = conversation.temperature
        if conversation.top_p is not None:
            body["top_p"] = conversation.top_p
    effort = render_effort(conversation.reasoning)
    if effort is not None and takes_effort(model):
        body["reasoning"] = {"effort": effort}


def _tool(tool: Tool, field: str) -> dict[str, object]:
    given = tool.parameters
    rendered: dict[str, object] = {
        "type": "function",
        "name": tool.name,
        "parameters": _NO_PARAMETERS if given is None else embed_object(given, f"{field}.parameters"),
        # Here tools are strict unless they say otherwise; in every other format they are not.
        "strict": bool(tool.strict),
    }
    if tool.description is not None:
        rendered["description"] = tool.description
    return rendered


def _tool_choice(choice: ToolChoice) -> object:
    if choice.kind is ToolChoiceKind.NAMED:
        return {"type": "function", "name": choice.name or ""}
    return choice.kind.value


def _format(given: JsonSchemaFormat | JsonFormat) -> dict[str, object]:
    if isinstance(given, JsonFormat):
        return {"type": "json_object"}
    rendered: dict[str, object] = {
        "type": "json_schema",
        "name": given.name or "answer",
        "schema": embed_object(given.schema, "response_format.schema"),
    }
    if given.description is not None:
        rendered["description"] = given.description
    if given.strict is not None:
        rendered["strict"] = given.strict
    return rendered
