"""Request body of OpenAI's chat completions format -> conversation."""

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
from headgate.translate.openai_chat import parse_messages as messages
from headgate.translate.openai_chat import request_shapes as shapes

_CHOICES = {
    "auto": ToolChoiceKind.AUTO,
    "none": ToolChoiceKind.NONE,
    "required": ToolChoiceKind.REQUIRED,
    "any": ToolChoiceKind.REQUIRED,  # Mistral's word
}
_UNKNOWN: Final = "has no counterpart in the format of this model: leave it out"
_REPEATED: Final = frozenset({"name"})
"""Some clients write the name of a function also beside it."""
_EFFORTS = frozenset({"minimal", "low", "medium", "high", "xhigh", "max"})


def parse_request(fields: Mapping[str, msgspec.Raw]) -> Conversation:
    """Read a request.

    Raises:
        UntranslatableError: naming the field.
    """
    request = read_fields(
        shapes.ChatRequest,
        fields,
        ignored=shapes.IGNORED,
        unknown=_UNKNOWN,
    )
    _refuse_what_only_this_format_has(request)
    system, turns = _split_system(messages.parse_messages(request.messages))
    stream = bool(request.stream)
    return Conversation(
        model=request.model,
        system=system,
        messages=turns,
        tools=tuple(_tool(tool, f"tools[{i}]") for i, tool in enumerate(request.tools or ())),
        tool_choice=_tool_choice(request.tool_choice),
        parallel_tool_calls=request.parallel_tool_calls,
        max_output_tokens=_limit(request),
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        stop_sequences=_stop_sequences(request.stop),
        response_format=_response_format(request.response_format),
        reasoning=_reasoning(request),
        stream=stream,
        include_usage=stream and request.stream_options is not None and bool(request.stream_options.include_usage),
        user=request.user,
    )


def _refuse_what_only_this_format_has(request: shapes.ChatRequest) -> None:
    if (request.n or 1) != 1:
        raise UntranslatableError("n", "this model gives one choice per request")
    if request.logprobs:
        raise UntranslatableError("logprobs", "this model does not report them")
    if request.top_logprobs:
        raise UntranslatableError("top_logprobs", "this model does not report them")
    if request.logit_bias:
        raise UntranslatableError("logit_bias", "this model cannot be steered by token")
    if any(modality != "text" for modality in request.modalities or ()):
        raise UntranslatableError("modalities", "this model answers in text")


def _split_system(parsed: Sequence[Message]) -> tuple[tuple[Text, ...], tuple[Message, ...]]:
    leading = 0
    while leading < len(parsed) and parsed[leading].role is Role.SYSTEM:
        leading += 1
    system = tuple(part for message in parsed[:leading] for part in message.parts if isinstance(part, Text))
    return system, tuple(parsed[leading:])


def _limit(request: shapes.ChatRequest) -> int | None:
    given = request.max_completion_tokens if request.max_completion_tokens is not None else request.max_tokens
    if given is not None and given < 1:
        name = "max_tokens" if request.max_completion_tokens is None else "max_completion_tokens"
        raise UntranslatableError(name, "must be at least 1")
    return given


def _stop_sequences(stop: str | list[str] | None) -> tuple[str, ...]:
    if stop is None:
        return ()
    return (stop,) if isinstance(stop, str) else tuple(stop)


def _tool(fields: Mapping[str, msgspec.Raw], field: str) -> Tool:
    # Tools that an operator runs have fields of their own: the kind must be known before the rest is read.
    kind = decode(fields["type"], str, f"{field}.type") if is_given(fields.get("type", ABSENT)) else "function"
    if kind != "function":
        raise UntranslatableError(f"{field}.type", f"{kind!r} tools exist in this format only: define a function")
    tool = read_fields(shapes.ToolDefinition, fields, ignored=_REPEATED, unknown=_UNKNOWN, field=field)
    function = tool.function
    given = function.parameters
    return Tool(
        name=function.name,
        description=function.description,
        parameters=object_text(given, f"{field}.function.parameters") if is_given(given) else None,
        strict=function.strict,
        cache=messages.cache_hint(tool.cache_control),
    )


def _tool_choice(choice: str | shapes.ToolChoiceObject | None) -> ToolChoice | None:
    if choice is None:
        return None
    if isinstance(choice, str):
        if choice not in _CHOICES:
            raise UntranslatableError("tool_choice", f"{choice!r} is not one of auto, none, required")
        return ToolChoice(kind=_CHOICES[choice])
    if choice.type != "function" or choice.function is None:
        raise UntranslatableError("tool_choice.type", "only a function can be chosen by name")
    return ToolChoice(kind=ToolChoiceKind.NAMED, name=choice.function.name)


def _response_format(given: shapes.ResponseFormat | None) -> JsonSchemaFormat | JsonFormat | None:
    if given is None or given.type == "text":
        return None
    if given.type == "json_object":
        return JsonFormat()
    if given.type != "json_schema":
        raise UntranslatableError("response_format.type", f"{given.type!r} is not text, json_object or json_schema")
    named = given.json_schema
    if named is None or not is_given(named.schema):
        raise UntranslatableError("response_format.json_schema.schema", "is required")
    return JsonSchemaFormat(
        schema=object_text(named.schema, "response_format.json_schema.schema"),
        name=named.name,
        description=named.description,
        strict=named.strict,
    )


def _reasoning(request: shapes.ChatRequest) -> Reasoning | None:
    options, switch = request.reasoning or shapes.ReasoningOptions(), request.thinking
    effort = request.reasoning_effort or options.effort
    enabled = options.enabled
    budget = options.max_tokens
    if switch is not None and switch.type is not None:
        enabled = switch.type != "disabled"
        budget = budget if budget is not None else switch.budget_tokens
    if effort == "none":
        return Reasoning(enabled=False)
    if effort == "default":  # Groq's word for leaving it out
        effort = None
    if effort is not None and effort not in _EFFORTS:
        name = "reasoning_effort" if request.reasoning_effort else "reasoning.effort"
        raise UntranslatableError(name, f"{effort!r} is not one of none, {', '.join(sorted(_EFFORTS))}")
    if enabled is None and effort is None and budget is None:
        return None
    return Reasoning(enabled=enabled, effort=effort, budget_tokens=budget)
