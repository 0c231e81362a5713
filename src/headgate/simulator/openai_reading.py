"""Reads OpenAI chat requests. Source: the OpenAI API reference, "Create chat completion"."""

from typing import Annotated

import msgspec

from headgate.simulator.ask import Ask, Tool
from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Kind, Model
from headgate.simulator.prose import seed_of
from headgate.simulator.reading import (
    ABSENT,
    decode,
    effective_knobs,
    is_given,
    require_model,
    require_room,
)
from headgate.simulator.refusals import Refusal
from headgate.simulator.tokens import count_raw_tokens
from headgate.simulator.turns import ANY_OBJECT, PER_PROMPT, read_functions, read_turns

_REASONING_TOKENS = {"none": 0, "minimal": 16, "low": 48, "medium": 128, "high": 384, "xhigh": 768}


class _Named(msgspec.Struct, frozen=True):
    name: str


class _ToolChoice(msgspec.Struct, frozen=True):
    function: _Named


class _JsonSchema(msgspec.Struct, frozen=True):
    name: str
    schema: dict[str, object] | None = None


class _ResponseFormat(msgspec.Struct, frozen=True):
    type: str
    json_schema: _JsonSchema | None = None


class _StreamOptions(msgspec.Struct, frozen=True):
    include_usage: bool = False


class _Request(msgspec.Struct, frozen=True):
    model: str | None = None
    messages: msgspec.Raw = ABSENT
    tools: msgspec.Raw = ABSENT
    tool_choice: str | _ToolChoice | None = None
    parallel_tool_calls: bool | None = True
    response_format: msgspec.Raw = ABSENT
    stop: str | Annotated[list[str], msgspec.Meta(max_length=4)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    n: Annotated[int, msgspec.Meta(ge=1, le=128)] | None = None
    reasoning_effort: str | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    simulate: Knobs | None = None


_requests = msgspec.json.Decoder(_Request)
_formats = msgspec.json.Decoder(_ResponseFormat)


def read_chat(body: bytes, header: bytes | None, defaults: Knobs) -> Ask:
    """Parse a request to `/v1/chat/completions`.

    Args:
        body: as it came.
        header: value of `x-simulate`.
        defaults: the process's knobs.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    request = decode(_requests, body)
    model = require_model(request.model, Kind.CHAT)
    if not is_given(request.messages):
        raise Refusal(400, "Give 'messages'.", param="messages", code="missing_required_parameter", model=model.name)
    if request.stream_options is not None and not request.stream:
        message = "'stream_options' needs 'stream': true."
        raise Refusal(400, message, param="stream_options", code="invalid_value", model=model.name)
    conversation = read_turns(request.messages)
    tools = read_functions(request.tools)
    schema, schema_tokens = _read_format(request.response_format)
    tokens = PER_PROMPT + conversation.tokens + schema_tokens
    tokens += count_raw_tokens(memoryview(request.tools)) if is_given(request.tools) else 0
    require_room(model, tokens)
    forced = request.tool_choice.function.name if isinstance(request.tool_choice, _ToolChoice) else None
    require_known(forced, tools)
    return Ask(
        model=model,
        model_name=request.model or "",
        seed=seed_of((model.name.encode(), memoryview(request.messages), memoryview(request.tools))),
        prompt_tokens=tokens,
        last_user_text=conversation.last_user_text,
        user_spoke_last=conversation.user_spoke_last,
        tools=tools,
        must_call=request.tool_choice == "required",
        may_call=request.tool_choice != "none",
        forced_tool=forced,
        parallel=request.parallel_tool_calls is not False,
        schema=schema,
        stop=_stops(request.stop),
        max_tokens=request.max_completion_tokens or request.max_tokens,
        choices=request.n or 1,
        reasoning_tokens=reasoning_tokens(model, request.reasoning_effort),
        stream=bool(request.stream),
        include_usage=request.stream_options is not None and request.stream_options.include_usage,
        knobs=effective_knobs(request.simulate, header, defaults),
    )


def _read_format(raw: msgspec.Raw) -> tuple[dict[str, object] | None, int]:
    if not is_given(raw):
        return None, 0
    wanted = decode(_formats, bytes(raw))
    tokens = count_raw_tokens(memoryview(raw))
    match wanted.type:
        case "text":
            return None, 0
        case "json_object":
            return ANY_OBJECT, tokens
        case "json_schema" if wanted.json_schema is not None:
            return wanted.json_schema.schema or ANY_OBJECT, tokens
        case _:
            message = "'response_format' is text, json_object, or json_schema with its schema."
            raise Refusal(400, message, param="response_format", code="invalid_value")


def require_known(forced: str | None, tools: tuple[Tool, ...]) -> None:
    """Hold the tool that a request insists on against those that it offers.

    Raises:
        Refusal: 400, it is not among them.
    """
    if forced is not None and all(tool.name != forced for tool in tools):
        message = f"'tool_choice' names '{forced}', which is not among the tools."
        raise Refusal(400, message, param="tool_choice", code="invalid_value")


def _stops(stop: str | list[str] | None) -> tuple[str, ...]:
    if stop is None:
        return ()
    return (stop,) if isinstance(stop, str) else tuple(stop)


def reasoning_tokens(model: Model, effort: str | None, *, param: str = "reasoning_effort") -> int:
    """How long the model reasons where no knob says otherwise.

    Raises:
        Refusal: 400, there is no such effort.
    """
    if not model.reasons:
        return 0
    tokens = _REASONING_TOKENS.get(effort or "medium")
    if tokens is None:
        efforts = ", ".join(_REASONING_TOKENS)
        raise Refusal(400, f"{param!r} is one of {efforts}.", param=param, code="invalid_value")
    return tokens
