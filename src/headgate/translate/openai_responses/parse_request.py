"""Request body of OpenAI's Responses format -> conversation."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from headgate.domain.conversation import (
    Conversation,
    JsonFormat,
    JsonSchemaFormat,
    Message,
    Reasoning,
    Role,
    Text,
    Tool,
    ToolChoice,
    ToolChoiceKind,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import ABSENT, decode, is_given, object_text, read_fields
from headgate.translate.openai_responses import request_shapes as shapes
from headgate.translate.openai_responses.parse_items import parse_items

_CHOICES: Final = {
    "auto": ToolChoiceKind.AUTO,
    "none": ToolChoiceKind.NONE,
    "required": ToolChoiceKind.REQUIRED,
}
_UNKNOWN: Final = "has no counterpart in the format of this model: leave it out"
_EFFORTS: Final = frozenset({"minimal", "low", "medium", "high", "xhigh", "max"})
_NOT_ASKED: Final = (b"null", b"false")


def parse_request(fields: Mapping[str, msgspec.Raw]) -> Conversation:
    """Read a request.

    Raises:
        UntranslatableError: naming the field.
    """
    asked = {name: raw for name, raw in fields.items() if not _left_to_the_provider(name, raw)}
    request = read_fields(shapes.ResponsesRequest, asked, ignored=shapes.IGNORED, unknown=_UNKNOWN)
    if request.max_output_tokens is not None and request.max_output_tokens < 1:
        raise UntranslatableError("max_output_tokens", "must be at least 1")
    _refuse_probabilities(request)
    system, turns = _split_system(_messages(request.input))
    if request.instructions:
        system = (Text(text=request.instructions), *system)
    stream = bool(request.stream)
    return Conversation(
        model=request.model,
        system=system,
        messages=turns,
        tools=_allowed(request, [_tool(tool, f"tools[{i}]") for i, tool in enumerate(request.tools or ())]),
        tool_choice=_tool_choice(request.tool_choice),
        parallel_tool_calls=request.parallel_tool_calls,
        max_output_tokens=request.max_output_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        response_format=_response_format(request.text),
        reasoning=_reasoning(request.reasoning),
        stream=stream,
        include_usage=stream,
        user=request.user,
    )


def _left_to_the_provider(name: str, raw: msgspec.Raw) -> bool:
    """Whether the field says nothing of what one provider keeps or runs; if it does, that is refused by name."""
    reason = shapes.AT_THE_PROVIDER.get(name)
    if reason is None:
        return False
    if bytes(raw).strip() not in _NOT_ASKED:
        raise UntranslatableError(name, reason)
    return True


def _refuse_probabilities(request: shapes.ResponsesRequest) -> None:
    if request.top_logprobs:
        raise UntranslatableError("top_logprobs", "this model does not report them")
    if any(wanted.endswith(".logprobs") for wanted in request.include or ()):
        raise UntranslatableError("include", "this model does not report log probabilities")


def _messages(given: str | Sequence[msgspec.Raw]) -> list[Message]:
    if isinstance(given, str):
        return [Message(role=Role.USER, parts=(Text(text=given),))]
    return parse_items(given)


def _split_system(parsed: Sequence[Message]) -> tuple[tuple[Text, ...], tuple[Message, ...]]:
    leading = 0
    while leading < len(parsed) and parsed[leading].role is Role.SYSTEM:
        leading += 1
    system = tuple(part for message in parsed[:leading] for part in message.parts if isinstance(part, Text))
    return system, tuple(parsed[leading:])


def _tool(fields: Mapping[str, msgspec.Raw], field: str) -> Tool:
    # Tools that a provider runs have fields of their own: the kind must be known before the rest is read.
    kind = decode(fields["type"], str, f"{field}.type") if is_given(fields.get("type", ABSENT)) else "function"
    if kind == "custom":
        raise UntranslatableError(f"{field}.type", "'custom' tools exist in this format only: define a function")
    if kind != "function":
        raise UntranslatableError(f"{field}.type", f"{kind!r} is run by its provider: define a function")
    tool = read_fields(shapes.FunctionTool, fields, ignored=frozenset(), unknown=_UNKNOWN, field=field)
    given = tool.parameters
    return Tool(
        name=tool.name,
        description=tool.description,
        parameters=object_text(given, f"{field}.parameters") if is_given(given) else None,
        strict=tool.strict,
    )


def _allowed(request: shapes.ResponsesRequest, tools: Sequence[Tool]) -> tuple[Tool, ...]:
    """The tools that may be called now: no other format lists more than those."""
    choice = request.tool_choice
    if not isinstance(choice, shapes.ToolChoiceObject) or choice.type != "allowed_tools":
        return tuple(tools)
    names = {tool.name for tool in choice.tools or ()}
    return tuple(tool for tool in tools if tool.name in names)


def _tool_choice(choice: str | shapes.ToolChoiceObject | None) -> ToolChoice | None:
    if choice is None:
        return None
    if isinstance(choice, str):
        return ToolChoice(kind=_kind(choice, "tool_choice"))
    if choice.type == "allowed_tools":
        return ToolChoice(kind=_kind(choice.mode or "auto", "tool_choice.mode"))
    if choice.type != "function" or choice.name is None:
        raise UntranslatableError("tool_choice.type", "only a function can be chosen by name")
    return ToolChoice(kind=ToolChoiceKind.NAMED, name=choice.name)


def _kind(word: str, field: str) -> ToolChoiceKind:
    if word not in _CHOICES:
        raise UntranslatableError(field, f"{word!r} is not one of auto, none, required")
    return _CHOICES[word]


def _response_format(text: shapes.TextOptions | None) -> JsonSchemaFormat | JsonFormat | None:
    given = text.format if text is not None else None
    if given is None or given.type == "text":
        return None
    if given.type == "json_object":
        return JsonFormat()
    if given.type != "json_schema":
        raise UntranslatableError("text.format.type", f"{given.type!r} is not text, json_object or json_schema")
    if not is_given(given.schema):
        raise UntranslatableError("text.format.schema", "is required")
    return JsonSchemaFormat(
        schema=object_text(given.schema, "text.format.schema"),
        name=given.name,
        description=given.description,
        strict=given.strict,
    )


def _reasoning(options: shapes.ReasoningOptions | None) -> Reasoning | None:
    if options is None:
        return None
    effort = options.effort
    if effort == "none":
        return Reasoning(enabled=False)
    if effort is not None and effort not in _EFFORTS:
        raise UntranslatableError("reasoning.effort", f"{effort!r} is not one of none, {', '.join(sorted(_EFFORTS))}")
    if options.enabled is None and effort is None and options.max_tokens is None:
        return None
    return Reasoning(enabled=options.enabled, effort=effort, budget_tokens=options.max_tokens)
