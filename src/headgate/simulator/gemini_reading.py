"""Reads Gemini requests. Source: the Gemini API reference, "models.generateContent" and "models.countTokens"."""

from typing import Annotated, Any, cast

import msgspec

from headgate.simulator.ask import Ask, Tool
from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Kind, Model
from headgate.simulator.prose import seed_of
from headgate.simulator.reading import ABSENT, decode, effective_knobs, is_given, require_model, require_room
from headgate.simulator.refusals import Refusal
from headgate.simulator.served import Asked
from headgate.simulator.tokens import count_raw_tokens, count_tokens
from headgate.simulator.turns import ANY_OBJECT, PER_MESSAGE, PER_PROMPT

_THINKING_TOKENS = 96
"""How long the model thinks where it is asked to and no knob says otherwise."""
_MOST_CHOICES = 8
_Schema = dict[str, Any]


class _Part(msgspec.Struct, frozen=True, rename="camel"):
    text: str | None = None
    function_response: msgspec.Raw = ABSENT


class _Content(msgspec.Struct, frozen=True):
    parts: list[msgspec.Raw] = []
    role: str = "user"


class _Function(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    parameters: _Schema | None = None
    parameters_json_schema: _Schema | None = None
    spelled_by_sdks: _Schema | None = msgspec.field(default=None, name="parameters_json_schema")
    """The same: Google's own SDK does not spell this one as JSON, and Google reads either."""

    @property
    def schema(self) -> _Schema:
        return self.parameters_json_schema or self.spelled_by_sdks or _lowered(self.parameters or {"type": "object"})


class _Tool(msgspec.Struct, frozen=True, rename="camel"):
    function_declarations: list[_Function] = []


class _Calling(msgspec.Struct, frozen=True, rename="camel"):
    mode: str = "AUTO"
    allowed_function_names: list[str] = []


class _ToolConfig(msgspec.Struct, frozen=True, rename="camel"):
    function_calling_config: _Calling = _Calling()


class _Thinking(msgspec.Struct, frozen=True, rename="camel"):
    include_thoughts: bool = False
    thinking_budget: Annotated[int, msgspec.Meta(ge=-1)] | None = None
    thinking_level: str | None = None


class _Config(msgspec.Struct, frozen=True, rename="camel"):
    max_output_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    candidate_count: Annotated[int, msgspec.Meta(ge=1, le=_MOST_CHOICES)] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    stop_sequences: Annotated[list[str], msgspec.Meta(max_length=5)] = []
    response_mime_type: str = "text/plain"
    response_schema: _Schema | None = None
    response_json_schema: _Schema | None = None
    thinking_config: _Thinking | None = None


class _Request(msgspec.Struct, frozen=True, rename="camel"):
    contents: msgspec.Raw = ABSENT
    system_instruction: msgspec.Raw = ABSENT
    tools: msgspec.Raw = ABSENT
    tool_config: _ToolConfig = _ToolConfig()
    generation_config: _Config = _Config()
    generate_content_request: msgspec.Raw = ABSENT
    simulate: Knobs | None = None


class GeminiAsk(msgspec.Struct, frozen=True, kw_only=True):
    """One request, parsed."""

    ask: Ask
    shows_thoughts: bool
    """Otherwise the model thinks as long, and nobody sees it."""


class _Turns(msgspec.Struct, frozen=True):
    tokens: int
    last_user_text: str
    user_spoke_last: bool


_requests = msgspec.json.Decoder(_Request)
_contents = msgspec.json.Decoder(list[_Content])
_content = msgspec.json.Decoder(_Content)
_parts = msgspec.json.Decoder(_Part)
_tools = msgspec.json.Decoder(list[_Tool])


def read_gemini(asked: Asked, model_name: str, *, stream: bool, counting: bool = False) -> GeminiAsk:
    """Parse a request, whose path names the model and says whether it is streamed.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    request = decode(_requests, asked.body)
    if counting and is_given(request.generate_content_request):
        request = decode(_requests, bytes(request.generate_content_request))
    model = require_model(model_name, Kind.CHAT)
    if not is_given(request.contents):
        raise Refusal(400, "contents is not specified", param="contents", model=model.name)
    turns = _read_turns(request.contents)
    tools = _read_tools(request.tools)
    config, calling = request.generation_config, request.tool_config.function_calling_config
    allowed = set(calling.allowed_function_names)
    schema = _schema(config)
    tokens = PER_PROMPT + turns.tokens
    tokens += _read_content(decode(_content, bytes(request.system_instruction)))[1] if _given(request) else 0
    tokens += count_raw_tokens(memoryview(request.tools)) if tools else 0
    tokens += count_raw_tokens(msgspec.json.encode(schema)) if schema else 0
    require_room(model, tokens)
    thinking = config.thinking_config
    ask = Ask(
        model=model,
        model_name=model_name,
        seed=seed_of((model.name.encode(), memoryview(request.contents), memoryview(request.tools))),
        prompt_tokens=tokens,
        last_user_text=turns.last_user_text,
        user_spoke_last=turns.user_spoke_last,
        tools=tuple(tool for tool in tools if not allowed or tool.name in allowed),
        must_call=calling.mode.upper() == "ANY",
        may_call=calling.mode.upper() != "NONE",
        schema=schema,
        stop=tuple(config.stop_sequences),
        max_tokens=config.max_output_tokens,
        choices=config.candidate_count or 1,
        reasoning_tokens=_thinking_tokens(model, thinking),
        stream=stream,
        include_usage=True,
        knobs=effective_knobs(request.simulate, asked.knobs_header, asked.defaults),
    )
    return GeminiAsk(ask=ask, shows_thoughts=thinking is not None and thinking.include_thoughts)


def _given(request: _Request) -> bool:
    return is_given(request.system_instruction)


def _read_turns(raw: msgspec.Raw) -> _Turns:
    contents = decode(_contents, bytes(raw))
    if not contents:
        raise Refusal(400, "contents is not specified", param="contents")
    tokens, last_user_text = 0, ""
    for content in contents:
        if content.role not in {"user", "model", "function"}:
            raise Refusal(400, "Please use a valid role: user, model.", param="contents")
        text, its_tokens = _read_content(content)
        tokens += its_tokens + PER_MESSAGE
        if content.role == "user" and text:
            last_user_text = text
    last = contents[-1]
    results = any(is_given(decode(_parts, bytes(part)).function_response) for part in last.parts)
    return _Turns(tokens, last_user_text, last.role == "user" and not results)


def _read_content(content: _Content) -> tuple[str, int]:
    texts: list[str] = []
    tokens = 0
    for raw in content.parts:
        text = decode(_parts, bytes(raw)).text
        tokens += count_raw_tokens(memoryview(raw)) if text is None else count_tokens(text)
        texts += [text] if text else []
    return "\n".join(texts), tokens


def _read_tools(raw: msgspec.Raw) -> tuple[Tool, ...]:
    if not is_given(raw):
        return ()
    return tuple(
        Tool(declared.name, declared.schema)
        for tool in decode(_tools, bytes(raw))
        for declared in tool.function_declarations
    )


def _schema(config: _Config) -> _Schema | None:
    if config.response_json_schema is not None:
        return config.response_json_schema
    if config.response_schema is not None:
        return _lowered(config.response_schema)
    return ANY_OBJECT if config.response_mime_type == "application/json" else None


def _lowered(schema: _Schema) -> _Schema:
    """A schema whose types are in small letters."""

    def lower(value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {key: lower(part, key) for key, part in cast("_Schema", value).items()}
        if isinstance(value, list):
            return [lower(part, "") for part in cast("list[Any]", value)]
        return value.lower() if name == "type" and isinstance(value, str) else value

    return {name: lower(value, name) for name, value in schema.items()}


def _thinking_tokens(model: Model, thinking: _Thinking | None) -> int:
    budget = thinking.thinking_budget if thinking is not None else None
    if budget == 0 or (thinking is None and not model.reasons):
        return 0
    return _THINKING_TOKENS if budget is None or budget < 0 else min(budget, _THINKING_TOKENS)
