"""Reads Bedrock Converse requests. Source: the Bedrock API reference, "Converse"."""

from typing import Annotated, Literal

import msgspec

from headgate.simulator.ask import Ask, Tool
from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Kind
from headgate.simulator.prose import seed_of
from headgate.simulator.reading import ABSENT, decode, effective_knobs, is_given, require_model, require_room
from headgate.simulator.refusals import Refusal
from headgate.simulator.tokens import count_raw_tokens, count_tokens
from headgate.simulator.turns import PER_MESSAGE, PER_PROMPT

_THINKING_TOKENS = 96
"""How long the model thinks where it is enabled and no knob says otherwise."""


class _CachePoint(msgspec.Struct, frozen=True):
    type: Literal["default"]
    ttl: Literal["5m", "1h"] = "5m"


class _Block(msgspec.Struct, frozen=True, rename="camel"):
    text: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    cache_point: _CachePoint | None = None
    tool_result: msgspec.Raw = ABSENT


class _Message(msgspec.Struct, frozen=True):
    role: Literal["user", "assistant"]
    content: list[msgspec.Raw]


class _Schema(msgspec.Struct, frozen=True):
    json: dict[str, object]


class _ToolSpec(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    input_schema: _Schema


class _Tool(msgspec.Struct, frozen=True, rename="camel"):
    tool_spec: _ToolSpec | None = None
    cache_point: _CachePoint | None = None


class _Named(msgspec.Struct, frozen=True):
    name: str


class _Choice(msgspec.Struct, frozen=True):
    auto: dict[str, object] | None = None
    any: dict[str, object] | None = None
    tool: _Named | None = None


class _ToolConfig(msgspec.Struct, frozen=True, rename="camel"):
    tools: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1)]
    tool_choice: _Choice | None = None


class _Inference(msgspec.Struct, frozen=True, rename="camel"):
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    stop_sequences: list[str] | None = None


class _Definition(msgspec.Struct, frozen=True):
    schema: str


class _Structure(msgspec.Struct, frozen=True, rename="camel"):
    json_schema: _Definition


class _TextFormat(msgspec.Struct, frozen=True):
    type: Literal["json_schema"]
    structure: _Structure


class _OutputConfig(msgspec.Struct, frozen=True, rename="camel"):
    text_format: _TextFormat | None = None


class _Thinking(msgspec.Struct, frozen=True):
    type: Literal["enabled", "adaptive", "disabled"]


class _ModelFields(msgspec.Struct, frozen=True):
    """Claude's own words; those of other makers are not looked at."""

    thinking: _Thinking | None = None
    tool_choice: dict[str, object] | None = None


class _Request(msgspec.Struct, frozen=True, rename="camel"):
    messages: msgspec.Raw = ABSENT
    system: list[msgspec.Raw] | None = None
    inference_config: _Inference = _Inference()
    tool_config: _ToolConfig | None = None
    output_config: _OutputConfig = _OutputConfig()
    additional_model_request_fields: _ModelFields = _ModelFields()
    simulate: Knobs | None = None


_requests = msgspec.json.Decoder(_Request)
_messages = msgspec.json.Decoder(list[_Message])
_blocks = msgspec.json.Decoder(_Block)
_tools = msgspec.json.Decoder(_Tool)
_schemas = msgspec.json.Decoder(dict[str, object])


class _Prompt:
    """Counts a prompt in its cache order: tools, system, messages."""

    def __init__(self) -> None:
        self.tokens = PER_PROMPT
        self.marked = 0
        self.marked_1h = 0

    def mark(self, point: _CachePoint) -> None:
        self.marked = self.tokens
        if point.ttl == "1h":
            self.marked_1h = self.tokens

    def add_blocks(self, raws: list[msgspec.Raw]) -> list[_Block]:
        """Count blocks and give them."""
        blocks = [decode(_blocks, bytes(raw)) for raw in raws]
        for raw, block in zip(raws, blocks, strict=True):
            if block.cache_point is not None:
                self.mark(block.cache_point)
            elif block.text is not None:
                self.tokens += count_tokens(block.text)
            else:
                self.tokens += count_raw_tokens(memoryview(raw))
        return blocks


def read_converse(body: bytes, header: bytes | None, defaults: Knobs, *, model_name: str, stream: bool) -> Ask:
    """Parse a request to `/model/{model}/converse` or `/model/{model}/converse-stream`.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    request = decode(_requests, body)
    model = require_model(model_name, Kind.CHAT)
    if not is_given(request.messages):
        raise Refusal(400, "A conversation must start with a user message.", model=model.name)
    prompt = _Prompt()
    config, inference = request.tool_config, request.inference_config
    raw_tools = config.tools if config is not None else []
    tools = tuple(tool for raw in raw_tools if (tool := _read_tool(raw, prompt)) is not None)
    prompt.add_blocks(request.system or [])
    last_user_text, user_spoke_last = _read_turns(request.messages, prompt)
    require_room(model, prompt.tokens)
    choice = (config and config.tool_choice) or _Choice()
    claudes = request.additional_model_request_fields.tool_choice or {}
    named = choice.tool.name if choice.tool is not None else claudes.get("name")
    if named is not None and all(tool.name != named for tool in tools):
        raise Refusal(400, f"The tool {named} is not among the tools.", model=model.name)
    text_format, thinking = request.output_config.text_format, request.additional_model_request_fields.thinking
    return Ask(
        model=model,
        model_name=model_name,
        seed=seed_of((model.name.encode(), memoryview(request.messages), *map(memoryview, raw_tools))),
        prompt_tokens=prompt.tokens,
        cache_write_tokens=prompt.marked,
        cache_write_1h_tokens=prompt.marked_1h,
        last_user_text=last_user_text,
        user_spoke_last=user_spoke_last,
        tools=tools,
        must_call=choice.any is not None or claudes.get("type") == "any",
        may_call=claudes.get("type") != "none",
        forced_tool=str(named) if named is not None else None,
        parallel=not claudes.get("disable_parallel_tool_use"),
        schema=decode(_schemas, text_format.structure.json_schema.schema.encode()) if text_format else None,
        stop=tuple(inference.stop_sequences or ()),
        max_tokens=inference.max_tokens,
        reasoning_tokens=_THINKING_TOKENS if thinking is not None and thinking.type != "disabled" else 0,
        stream=stream,
        knobs=effective_knobs(request.simulate, header, defaults),
    )


def _read_tool(raw: msgspec.Raw, prompt: _Prompt) -> Tool | None:
    """A tool; None for the end of what may be cached."""
    tool = decode(_tools, bytes(raw))
    if tool.cache_point is not None:
        prompt.mark(tool.cache_point)
    else:
        prompt.tokens += count_raw_tokens(memoryview(raw))
    return None if tool.tool_spec is None else Tool(tool.tool_spec.name, tool.tool_spec.input_schema.json)


def _read_turns(raw: msgspec.Raw, prompt: _Prompt) -> tuple[str, bool]:
    """Text of the last user message that has any, and whether the user spoke last, not a tool."""
    turns = decode(_messages, bytes(raw))
    if not turns or turns[0].role != "user":
        raise Refusal(400, "A conversation must start with a user message. Try again with one that does.")
    last_user_text, results = "", False
    for place, turn in enumerate(turns):
        if place and turn.role == turns[place - 1].role:
            raise Refusal(400, "A conversation must alternate between user and assistant roles.")
        prompt.tokens += PER_MESSAGE
        blocks = prompt.add_blocks(turn.content)
        text = "\n".join(block.text for block in blocks if block.text is not None)
        results = any(is_given(block.tool_result) for block in blocks)
        if turn.role == "user" and text:
            last_user_text = text
    return last_user_text, turns[-1].role == "user" and not results
