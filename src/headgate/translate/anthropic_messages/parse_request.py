"""Request body of Anthropic's messages format -> conversation."""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.conversation import (
    CacheHint,
    Conversation,
    JsonSchemaFormat,
    Message,
    Reasoning,
    Text,
    Tool,
    ToolChoice,
    ToolChoiceKind,
)
from headgate.translate.anthropic_messages import request_shapes as shapes
from headgate.translate.anthropic_messages.parse_messages import cache_hint, parse_messages
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode, is_given, object_text, read_fields

_CHOICES: Final = {
    "auto": ToolChoiceKind.AUTO,
    "none": ToolChoiceKind.NONE,
    "any": ToolChoiceKind.REQUIRED,
    "tool": ToolChoiceKind.NAMED,
}
_UNKNOWN: Final = "has no counterpart in the format of this model: leave it out"


def parse_request(fields: Mapping[str, msgspec.Raw]) -> Conversation:
    """Read a request.

    Raises:
        UntranslatableError: naming the field.
    """
    request = read_fields(shapes.MessagesRequest, fields, ignored=shapes.IGNORED, unknown=_UNKNOWN)
    if request.max_tokens is not None and request.max_tokens < 1:
        raise UntranslatableError("max_tokens", "must be at least 1")
    messages: tuple[Message, ...] = parse_messages(request.messages)
    choice, stream = request.tool_choice, bool(request.stream)
    return Conversation(
        model=request.model,
        system=_system(request.system),
        messages=messages,
        tools=tuple(_tool(tool, f"tools[{i}]") for i, tool in enumerate(request.tools or ())),
        tool_choice=_tool_choice(choice),
        parallel_tool_calls=False if choice is not None and choice.disable_parallel_tool_use else None,
        max_output_tokens=request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        stop_sequences=tuple(request.stop_sequences or ()),
        response_format=_response_format(request),
        reasoning=_reasoning(request),
        stream=stream,
        include_usage=stream,
        user=request.metadata.user_id if request.metadata is not None else None,
        cache=cache_hint(request.cache_control),
    )


def _system(system: str | list[shapes.TextBlock] | None) -> tuple[Text, ...]:
    if system is None:
        return ()
    if isinstance(system, str):
        return (Text(text=system),)
    return tuple(Text(text=block.text, cache=cache_hint(block.cache_control)) for block in system)


def _tool(fields: Mapping[str, msgspec.Raw], field: str) -> Tool:
    # Tools that the provider runs have fields of their own: the kind must be known before the rest is read.
    kind = decode(fields["type"], str, f"{field}.type") if is_given(fields.get("type", shapes.ABSENT)) else "custom"
    if kind != "custom":
        raise UntranslatableError(f"{field}.type", f"{kind!r} is run by its provider: define a tool of your own")
    tool = read_fields(shapes.ToolDefinition, fields, ignored=shapes.IGNORED_OF_TOOLS, unknown=_UNKNOWN, field=field)
    schema = object_text(tool.input_schema, f"{field}.input_schema") if is_given(tool.input_schema) else None
    hint: CacheHint | None = cache_hint(tool.cache_control)
    return Tool(name=tool.name, description=tool.description, parameters=schema, strict=tool.strict, cache=hint)


def _tool_choice(choice: shapes.ToolChoice | None) -> ToolChoice | None:
    if choice is None:
        return None
    if choice.type == "tool" and choice.name is None:
        raise UntranslatableError("tool_choice.name", "is required")
    return ToolChoice(kind=_CHOICES[choice.type], name=choice.name if choice.type == "tool" else None)


def _response_format(request: shapes.MessagesRequest) -> JsonSchemaFormat | None:
    given, field = request.output_format, "output_format"
    if request.output_config is not None and request.output_config.format is not None:
        given, field = request.output_config.format, "output_config.format"
    return None if given is None else JsonSchemaFormat(schema=object_text(given.schema, f"{field}.schema"), strict=True)


def _reasoning(request: shapes.MessagesRequest) -> Reasoning | None:
    effort = request.output_config.effort if request.output_config is not None else None
    switch = request.thinking
    if switch is None:
        return None if effort is None else Reasoning(effort=effort)
    return Reasoning(enabled=switch.type != "disabled", effort=effort, budget_tokens=switch.budget_tokens)
