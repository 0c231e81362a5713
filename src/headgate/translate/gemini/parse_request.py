"""Request body of Gemini's format -> conversation. Model and streaming stand in the path, not here."""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.conversation import (
    Conversation,
    JsonFormat,
    JsonSchemaFormat,
    Reasoning,
    Tool,
    ToolChoice,
    ToolChoiceKind,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode, is_given, object_text, read_fields
from headgate.translate.gemini import request_shapes as shapes
from headgate.translate.gemini.fields import UNKNOWN, items, read_object
from headgate.translate.gemini.parse_messages import parse_contents, parse_texts
from headgate.translate.gemini.schemas import json_schema
from headgate.wire.spelling import camel

_CONFIG: Final = "generationConfig"
_JSON: Final = "application/json"
_LEVELS: Final = {"MINIMAL": "minimal", "LOW": "low", "MEDIUM": "medium", "HIGH": "high"}
_CHOICES: Final = {
    "AUTO": ToolChoiceKind.AUTO,
    "VALIDATED": ToolChoiceKind.AUTO,
    "NONE": ToolChoiceKind.NONE,
    "ANY": ToolChoiceKind.REQUIRED,
}


def parse_request(fields: Mapping[str, msgspec.Raw]) -> Conversation:
    """Read a request.

    Raises:
        UntranslatableError: naming the field.
    """
    request = read_fields(shapes.GenerateContentRequest, camel(fields), ignored=shapes.IGNORED, unknown=UNKNOWN)
    config = _config(request.generation_config)
    tools = _tools(request.tools)
    return Conversation(
        system=parse_texts(request.system_instruction, "systemInstruction")
        if is_given(request.system_instruction)
        else (),
        messages=parse_contents(request.contents, "contents"),
        tools=tools,
        tool_choice=_tool_choice(request.tool_config, {tool.name for tool in tools}),
        max_output_tokens=config.max_output_tokens,
        temperature=config.temperature,
        top_p=config.top_p,
        top_k=None if config.top_k is None else int(config.top_k),
        stop_sequences=tuple(config.stop_sequences or ()),
        response_format=_response_format(config),
        reasoning=_reasoning(config.thinking_config),
    )


def _config(raw: msgspec.Raw) -> shapes.GenerationConfig:
    if not is_given(raw):
        return shapes.GenerationConfig()
    config = read_object(shapes.GenerationConfig, raw, _CONFIG, ignored=shapes.IGNORED_IN_CONFIG)
    if (config.candidate_count or 1) != 1:
        raise UntranslatableError(f"{_CONFIG}.candidateCount", "this model gives one answer per request")
    if config.response_logprobs or config.logprobs:
        name = "responseLogprobs" if config.response_logprobs else "logprobs"
        raise UntranslatableError(f"{_CONFIG}.{name}", "this model does not report them")
    if any(modality.upper() != "TEXT" for modality in config.response_modalities or ()):
        raise UntranslatableError(f"{_CONFIG}.responseModalities", "this model answers in text")
    if config.max_output_tokens is not None and config.max_output_tokens < 1:
        raise UntranslatableError(f"{_CONFIG}.maxOutputTokens", "must be at least 1")
    return config


def _tools(raw: msgspec.Raw) -> tuple[Tool, ...]:
    tools: list[Tool] = []
    for i, given in enumerate(items(raw, "tools")):
        offered = camel(decode(given, dict[str, msgspec.Raw], f"tools[{i}]"))
        for name, declared in offered.items():
            field = f"tools[{i}].{name}"
            if name != "functionDeclarations":
                raise UntranslatableError(field, "is run by its provider: declare a function of your own")
            tools += [_tool(each, f"{field}[{j}]") for j, each in enumerate(items(declared, field))]
    return tuple(tools)


def _tool(raw: msgspec.Raw, field: str) -> Tool:
    declared = read_object(shapes.FunctionDeclaration, raw, field, ignored=shapes.IGNORED_OF_TOOLS)
    parameters = None
    if is_given(declared.parameters_json_schema):
        parameters = object_text(declared.parameters_json_schema, f"{field}.parametersJsonSchema")
    elif is_given(declared.parameters):
        parameters = json_schema(declared.parameters, f"{field}.parameters")
    return Tool(name=declared.name, description=declared.description, parameters=parameters)


def _tool_choice(raw: msgspec.Raw, offered: set[str]) -> ToolChoice | None:
    if not is_given(raw):
        return None
    config = read_object(shapes.ToolConfig, raw, "toolConfig", ignored=shapes.IGNORED_IN_TOOL_CONFIG)
    if not is_given(config.function_calling_config):
        return None
    field = "toolConfig.functionCallingConfig"
    calling = read_object(shapes.FunctionCallingConfig, config.function_calling_config, field)
    mode, allowed = (calling.mode or "AUTO").upper(), set(calling.allowed_function_names or ())
    if mode == "MODE_UNSPECIFIED":
        return None
    if mode not in _CHOICES:
        raise UntranslatableError(f"{field}.mode", f"{calling.mode!r} is not one of AUTO, ANY, NONE, VALIDATED")
    kind = _CHOICES[mode]
    if not allowed or offered <= allowed:
        return ToolChoice(kind=kind)
    if kind is ToolChoiceKind.REQUIRED and len(allowed) == 1:
        return ToolChoice(kind=ToolChoiceKind.NAMED, name=allowed.pop())
    raise UntranslatableError(f"{field}.allowedFunctionNames", "this model takes one name, or all tools: declare fewer")


def _response_format(config: shapes.GenerationConfig) -> JsonSchemaFormat | JsonFormat | None:
    kind = (config.response_mime_type or "text/plain").lower()
    if kind not in {_JSON, "text/plain"}:
        raise UntranslatableError(f"{_CONFIG}.responseMimeType", f"{kind!r} is not text/plain or {_JSON}")
    if is_given(config.response_json_schema):
        schema = object_text(config.response_json_schema, f"{_CONFIG}.responseJsonSchema")
        return JsonSchemaFormat(schema=schema, strict=True)
    if is_given(config.response_schema):
        return JsonSchemaFormat(schema=json_schema(config.response_schema, f"{_CONFIG}.responseSchema"), strict=True)
    return JsonFormat() if kind == _JSON else None


def _reasoning(raw: msgspec.Raw) -> Reasoning | None:
    if not is_given(raw):
        return None
    field = f"{_CONFIG}.thinkingConfig"
    config = read_object(shapes.ThinkingConfig, raw, field)
    level, budget = (config.thinking_level or "").upper(), config.thinking_budget
    if level and level != "THINKING_LEVEL_UNSPECIFIED":
        if level not in _LEVELS:
            raise UntranslatableError(f"{field}.thinkingLevel", f"{level!r} is not one of {', '.join(_LEVELS)}")
        return Reasoning(enabled=True, effort=_LEVELS[level])
    if budget is None:
        return Reasoning(enabled=True) if config.include_thoughts else None
    if budget == 0:
        return Reasoning(enabled=False)
    # -1 leaves it to the model.
    return Reasoning(enabled=True, budget_tokens=budget if budget > 0 else None)
