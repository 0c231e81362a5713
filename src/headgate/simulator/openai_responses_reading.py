"""Reads OpenAI Responses requests. Source: the OpenAI API reference, "Create a model response"."""

from typing import Annotated, NamedTuple

import msgspec

from headgate.simulator.ask import Ask, Tool
from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Kind
from headgate.simulator.openai_reading import reasoning_tokens, require_known
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
from headgate.simulator.stored import StoredResponses
from headgate.simulator.tokens import count_raw_tokens, count_tokens
from headgate.simulator.turns import ANY_OBJECT, PER_MESSAGE, PER_PROMPT, read_content

_ENCRYPTED = "reasoning.encrypted_content"


class _Item(msgspec.Struct, frozen=True):
    type: str = "message"
    role: str | None = None
    content: str | list[msgspec.Raw] | None = None
    output: str | list[msgspec.Raw] | None = None


class _Tool(msgspec.Struct, frozen=True):
    type: str
    name: str = ""
    parameters: dict[str, object] | None = None


class _ToolChoice(msgspec.Struct, frozen=True):
    type: str
    name: str | None = None


class _Format(msgspec.Struct, frozen=True):
    type: str
    schema: dict[str, object] | None = None


class _Text(msgspec.Struct, frozen=True):
    format: msgspec.Raw = ABSENT


class _Reasoning(msgspec.Struct, frozen=True):
    effort: str | None = None
    summary: str | None = None


class _Request(msgspec.Struct, frozen=True):
    model: str | None = None
    input: msgspec.Raw = ABSENT
    instructions: str | None = None
    previous_response_id: str | None = None
    tools: msgspec.Raw = ABSENT
    tool_choice: str | _ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: Annotated[int, msgspec.Meta(ge=16)] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    text: _Text | None = None
    reasoning: _Reasoning | None = None
    include: list[str] | None = None
    store: bool | None = None
    background: bool | None = None
    stream: bool | None = None
    simulate: Knobs | None = None


class Wish(NamedTuple):
    """A request, and what of it is not in an `Ask`."""

    ask: Ask
    store: bool
    input_items: list[msgspec.Raw]
    """As `GET .../input_items` gives them, without ids."""
    previous: str | None
    shows_summary: bool
    """The thinking is to be seen."""
    shows_encrypted: bool
    """The thinking is to be given out for the caller to keep."""


class _Conversation(NamedTuple):
    """What the input comes to."""

    tokens: int
    last_user_text: str
    user_spoke_last: bool
    items: list[msgspec.Raw]


_requests = msgspec.json.Decoder(_Request)
_texts = msgspec.json.Decoder(str)
_raw_items = msgspec.json.Decoder(list[msgspec.Raw])
_items = msgspec.json.Decoder(_Item)
_tools = msgspec.json.Decoder(list[_Tool])
_formats = msgspec.json.Decoder(_Format)


def read_responses(body: bytes, header: bytes | None, defaults: Knobs, stored: StoredResponses) -> Wish:
    """Parse a request to `/v1/responses`.

    Args:
        body: as it came.
        header: value of `x-simulate`.
        defaults: the process's knobs.
        stored: earlier answers, which a request may go on from.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    request = decode(_requests, body)
    model = require_model(request.model, Kind.CHAT)
    if request.background:
        raise Refusal(400, "'background' is not simulated.", param="background", code="invalid_value")
    conversation = _read_input(request)
    tools = _read_tools(request.tools)
    schema, schema_tokens = _read_format(request.text)
    tokens = PER_PROMPT + conversation.tokens + schema_tokens + stored.tokens_of(request.previous_response_id)
    tokens += count_raw_tokens(memoryview(request.tools)) if is_given(request.tools) else 0
    require_room(model, tokens)
    forced = request.tool_choice.name if isinstance(request.tool_choice, _ToolChoice) else None
    require_known(forced, tools)
    thinks = request.reasoning or _Reasoning()
    ask = Ask(
        model=model,
        model_name=request.model or "",
        seed=seed_of((model.name.encode(), memoryview(request.input), memoryview(request.tools))),
        prompt_tokens=tokens,
        last_user_text=conversation.last_user_text,
        user_spoke_last=conversation.user_spoke_last,
        tools=tools,
        must_call=request.tool_choice == "required",
        may_call=request.tool_choice != "none",
        forced_tool=forced,
        parallel=request.parallel_tool_calls is not False,
        schema=schema,
        max_tokens=request.max_output_tokens,
        reasoning_tokens=reasoning_tokens(model, thinks.effort, param="reasoning.effort"),
        stream=bool(request.stream),
        knobs=effective_knobs(request.simulate, header, defaults),
    )
    return Wish(
        ask=ask,
        store=request.store is not False,
        input_items=conversation.items,
        previous=request.previous_response_id,
        shows_summary=thinks.summary is not None,
        shows_encrypted=_ENCRYPTED in (request.include or ()),
    )


def _read_input(request: _Request) -> _Conversation:
    tokens = count_tokens(request.instructions) + PER_MESSAGE if request.instructions else 0
    if not is_given(request.input):
        if request.previous_response_id is None:
            raise Refusal(400, "Give 'input'.", param="input", code="missing_required_parameter")
        return _Conversation(tokens, "", user_spoke_last=False, items=[])
    if memoryview(request.input)[:1] == b'"':
        text = decode(_texts, bytes(request.input))
        said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        items = [msgspec.Raw(msgspec.json.encode(said))]
        return _Conversation(tokens + PER_MESSAGE + count_tokens(text), text, user_spoke_last=True, items=items)
    raw_items = decode(_raw_items, bytes(request.input))
    if not raw_items:
        raise Refusal(400, "'input' is empty.", param="input", code="empty_array")
    last_user_text = ""
    user_spoke_last = False
    for raw in raw_items:
        item = decode(_items, bytes(raw))
        text, its_tokens = read_content(item.content if item.type == "message" else item.output)
        tokens += PER_MESSAGE + (its_tokens if text or item.type == "message" else count_raw_tokens(memoryview(raw)))
        user_spoke_last = item.type == "message" and item.role == "user"
        if user_spoke_last:
            last_user_text = text
    return _Conversation(tokens, last_user_text, user_spoke_last, raw_items)


def _read_tools(raw: msgspec.Raw) -> tuple[Tool, ...]:
    if not is_given(raw):
        return ()
    tools = decode(_tools, bytes(raw))
    for tool in tools:
        if tool.type != "function" or not tool.name:
            message = f"Of tools only functions with a name are simulated, not {tool.type!r}."
            raise Refusal(400, message, param="tools", code="invalid_value")
    return tuple(Tool(tool.name, tool.parameters or {"type": "object"}) for tool in tools)


def _read_format(text: _Text | None) -> tuple[dict[str, object] | None, int]:
    if text is None or not is_given(text.format):
        return None, 0
    wanted = decode(_formats, bytes(text.format))
    tokens = count_raw_tokens(memoryview(text.format))
    match wanted.type:
        case "text":
            return None, 0
        case "json_object":
            return ANY_OBJECT, tokens
        case "json_schema":
            return wanted.schema or ANY_OBJECT, tokens
        case _:
            message = "'text.format' is text, json_object, or json_schema with its schema."
            raise Refusal(400, message, param="text.format", code="invalid_value")
