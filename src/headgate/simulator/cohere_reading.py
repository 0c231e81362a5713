"""Reads Cohere chat requests. Source: the Cohere API reference, "Chat" (v2)."""

from typing import Annotated, Literal

import msgspec

from headgate.simulator.ask import Ask
from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Kind, Model
from headgate.simulator.prose import seed_of
from headgate.simulator.reading import ABSENT, decode, effective_knobs, is_given, require_model, require_room
from headgate.simulator.refusals import Refusal
from headgate.simulator.tokens import count_raw_tokens
from headgate.simulator.turns import ANY_OBJECT, PER_PROMPT, read_functions, read_turns

_REASONING_TOKENS = 128


class _ResponseFormat(msgspec.Struct, frozen=True):
    type: Literal["text", "json_object"]
    schema: dict[str, object] | None = None
    json_schema: dict[str, object] | None = None
    """The same: the reference has this name, the guides the other one."""


class _Thinking(msgspec.Struct, frozen=True):
    type: Literal["enabled", "disabled"]
    token_budget: Annotated[int, msgspec.Meta(ge=1)] | None = None


class _Request(msgspec.Struct, frozen=True):
    model: str | None = None
    messages: msgspec.Raw = ABSENT
    tools: msgspec.Raw = ABSENT
    tool_choice: Literal["REQUIRED", "NONE"] | None = None
    response_format: msgspec.Raw = ABSENT
    stop_sequences: Annotated[list[str], msgspec.Meta(max_length=5)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0)] | None = None
    p: Annotated[float, msgspec.Meta(ge=0.01, le=0.99)] | None = None
    k: Annotated[int, msgspec.Meta(ge=0, le=500)] | None = None
    thinking: _Thinking | None = None
    stream: bool | None = None
    simulate: Knobs | None = None


_requests = msgspec.json.Decoder(_Request)
_formats = msgspec.json.Decoder(_ResponseFormat)


def read_cohere(body: bytes, header: bytes | None, defaults: Knobs) -> Ask:
    """Parse a request to `/v2/chat`.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    request = decode(_requests, body)
    model = require_model(request.model, Kind.CHAT)
    if not is_given(request.messages):
        raise Refusal(400, "messages: at least one is needed.", model=model.name)
    turns = read_turns(request.messages)
    tools = read_functions(request.tools)
    schema, schema_tokens = _read_format(request.response_format)
    tokens = PER_PROMPT + turns.tokens + schema_tokens
    tokens += count_raw_tokens(memoryview(request.tools)) if is_given(request.tools) else 0
    require_room(model, tokens)
    return Ask(
        model=model,
        model_name=request.model or "",
        seed=seed_of((model.name.encode(), memoryview(request.messages), memoryview(request.tools))),
        prompt_tokens=tokens,
        last_user_text=turns.last_user_text,
        user_spoke_last=turns.user_spoke_last,
        tools=tools,
        must_call=request.tool_choice == "REQUIRED",
        may_call=request.tool_choice != "NONE",
        schema=schema,
        stop=tuple(request.stop_sequences or ()),
        max_tokens=request.max_tokens,
        reasoning_tokens=_reasoning(model, request.thinking),
        stream=bool(request.stream),
        knobs=effective_knobs(request.simulate, header, defaults),
    )


def _read_format(raw: msgspec.Raw) -> tuple[dict[str, object] | None, int]:
    if not is_given(raw):
        return None, 0
    wanted = decode(_formats, bytes(raw))
    if wanted.type == "text":
        return None, 0
    return wanted.json_schema or wanted.schema or ANY_OBJECT, count_raw_tokens(memoryview(raw))


def _reasoning(model: Model, thinking: _Thinking | None) -> int:
    if thinking is not None and not model.reasons:
        raise Refusal(400, f"thinking: {model.id} does not reason.", model=model.name)
    if not model.reasons or (thinking is not None and thinking.type == "disabled"):
        return 0
    budget = thinking.token_budget if thinking is not None else None
    return _REASONING_TOKENS if budget is None else min(budget, _REASONING_TOKENS)
