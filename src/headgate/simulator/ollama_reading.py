"""Reads Ollama chat requests. Source: the Ollama API reference, "Generate a chat message"."""

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

_REASONING_TOKENS = {"low": 48, "medium": 128, "high": 384}


class _Options(msgspec.Struct, frozen=True):
    num_predict: int | None = None
    stop: list[str] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0)] | None = None


class _Request(msgspec.Struct, frozen=True):
    model: str | None = None
    messages: msgspec.Raw = ABSENT
    tools: msgspec.Raw = ABSENT
    format: dict[str, object] | Literal["json", ""] | None = None
    options: _Options | None = None
    think: bool | Literal["low", "medium", "high"] | None = None
    stream: bool | None = None
    simulate: Knobs | None = None


_requests = msgspec.json.Decoder(_Request)


def read_ollama(body: bytes, header: bytes | None, defaults: Knobs) -> Ask:
    """Parse a request to `/api/chat`, which streams unless told not to.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    request = decode(_requests, body)
    model = require_model(request.model, Kind.CHAT)
    if not is_given(request.messages):
        raise Refusal(400, "messages: at least one is needed.", model=model.name)
    turns = read_turns(request.messages)
    tools = read_functions(request.tools)
    options = request.options or _Options()
    tokens = PER_PROMPT + turns.tokens
    tokens += count_raw_tokens(memoryview(request.tools)) if is_given(request.tools) else 0
    require_room(model, tokens)
    limit = options.num_predict
    return Ask(
        model=model,
        model_name=request.model or "",
        seed=seed_of((model.name.encode(), memoryview(request.messages), memoryview(request.tools))),
        prompt_tokens=tokens,
        last_user_text=turns.last_user_text,
        user_spoke_last=turns.user_spoke_last,
        tools=tools,
        schema=request.format if isinstance(request.format, dict) else ANY_OBJECT if request.format else None,
        stop=tuple(options.stop or ()),
        # Negative ones mean that there is none.
        max_tokens=limit if limit is not None and limit >= 0 else None,
        reasoning_tokens=_reasoning(model, think=request.think),
        stream=request.stream is not False,
        knobs=effective_knobs(request.simulate, header, defaults),
    )


def _reasoning(model: Model, *, think: bool | str | None) -> int:
    if think and not model.reasons:
        raise Refusal(400, f'"{model.name}" does not support thinking', model=model.name)
    if not model.reasons or think is False:
        return 0
    return _REASONING_TOKENS.get(str(think), _REASONING_TOKENS["medium"])
