"""Conversation -> request body of Gemini's format. Model and streaming go into the path, not here."""

from typing import Final

from headgate.domain.conversation import (
    Conversation,
    JsonSchemaFormat,
    Role,
    Text,
    Tool,
    ToolChoice,
    ToolChoiceKind,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import embed_object, encode
from headgate.translate.gemini.render_messages import render_contents, render_texts
from headgate.translate.gemini.render_thinking import render_thinking

_MODES: Final = {
    ToolChoiceKind.AUTO: "AUTO",
    ToolChoiceKind.NONE: "NONE",
    ToolChoiceKind.REQUIRED: "ANY",
    ToolChoiceKind.NAMED: "ANY",
}
_MOST_STOP_SEQUENCES: Final = 5


def render_request(conversation: Conversation, *, model: str) -> bytes:
    """Write a request.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    body: dict[str, object] = {"contents": render_contents(conversation.messages, model=model)}
    system = render_texts(_instructions(conversation))
    if system:
        body["systemInstruction"] = {"parts": system}
    _put_tools(body, conversation)
    config = _config(conversation, model)
    if config:
        body["generationConfig"] = config
    return encode(body, "body")


def _instructions(conversation: Conversation) -> list[Text]:
    """All instructions: the format has one place for them, before the first turn."""
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
    if conversation.parallel_tool_calls is False:
        raise UntranslatableError("parallel_tool_calls", "this model may call several tools at once: leave it out")
    body["tools"] = [
        {"functionDeclarations": [_tool(tool, f"tools[{i}]") for i, tool in enumerate(conversation.tools)]}
    ]
    if conversation.tool_choice is not None:
        body["toolConfig"] = {"functionCallingConfig": _tool_choice(conversation.tool_choice)}


def _tool(tool: Tool, field: str) -> dict[str, object]:
    declared: dict[str, object] = {"name": tool.name}
    if tool.description is not None:
        declared["description"] = tool.description
    if tool.parameters is not None:
        declared["parametersJsonSchema"] = embed_object(tool.parameters, f"{field}.parameters")
    return declared


def _tool_choice(choice: ToolChoice) -> dict[str, object]:
    rendered: dict[str, object] = {"mode": _MODES[choice.kind]}
    if choice.kind is ToolChoiceKind.NAMED:
        rendered["allowedFunctionNames"] = [choice.name or ""]
    return rendered


def _config(conversation: Conversation, model: str) -> dict[str, object]:
    if len(conversation.stop_sequences) > _MOST_STOP_SEQUENCES:
        raise UntranslatableError("stop_sequences", f"this model takes at most {_MOST_STOP_SEQUENCES}")
    given: dict[str, object] = {
        "maxOutputTokens": conversation.max_output_tokens,
        "temperature": conversation.temperature,
        "topP": conversation.top_p,
        "topK": conversation.top_k,
        "stopSequences": conversation.stop_sequences or None,
        "thinkingConfig": render_thinking(conversation.reasoning, model=model) or None,
    }
    wanted = conversation.response_format
    if wanted is not None:
        given["responseMimeType"] = "application/json"
    if isinstance(wanted, JsonSchemaFormat):
        given["responseJsonSchema"] = embed_object(wanted.schema, "response_format.schema")
    return {name: value for name, value in given.items() if value is not None}
