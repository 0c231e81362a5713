"""Reads Anthropic Messages requests. Source: the Anthropic API reference, "Create a Message"."""

from typing import Annotated

import msgspec

from headgate.simulator.ask import Ask, Tool
from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Kind
from headgate.simulator.prose import seed_of
from headgate.simulator.reading import ABSENT, decode, effective_knobs, is_given, require_model, require_room
from headgate.simulator.refusals import Refusal
from headgate.simulator.tokens import count_raw_tokens, count_tokens

_PER_MESSAGE = 3
_PER_PROMPT = 3
_SHORTEST_BUDGET = 1_024
_THINKING_TOKENS = 96
"""How long the model thinks where it is enabled and no knob says otherwise."""


class _CacheControl(msgspec.Struct, frozen=True):
    ttl: str = "5m"


class _Block(msgspec.Struct, frozen=True):
    type: str = ""
    text: str | None = None
    cache_control: _CacheControl | None = None


class _Message(msgspec.Struct, frozen=True):
    role: str
    content: str | list[msgspec.Raw]


class _Tool(msgspec.Struct, frozen=True):
    name: str
    input_schema: dict[str, object] | None = None
    cache_control: _CacheControl | None = None


class _ToolChoice(msgspec.Struct, frozen=True):
    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class _Thinking(msgspec.Struct, frozen=True):
    type: str
    budget_tokens: int | None = None


class _OutputFormat(msgspec.Struct, frozen=True):
    schema: dict[str, object]


class _OutputConfig(msgspec.Struct, frozen=True):
    format: _OutputFormat | None = None


class _Request(msgspec.Struct, frozen=True):
    model: str | None = None
    messages: msgspec.Raw = ABSENT
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    system: str | list[msgspec.Raw] | None = None
    tools: list[msgspec.Raw] | None = None
    tool_choice: _ToolChoice | None = None
    stop_sequences: list[str] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    thinking: _Thinking | None = None
    output_config: _OutputConfig | None = None
    output_format: _OutputFormat | None = None
    stream: bool | None = None
    simulate: Knobs | None = None


class _Prompt:
    """Counts a prompt in its cache order: tools, system, messages."""

    def __init__(self) -> None:
        self.tokens = _PER_PROMPT
        self.marked = 0
        self.marked_1h = 0

    def add(self, tokens: int, marker: _CacheControl | None) -> None:
        self.tokens += tokens
        if marker is not None:
            self.marked = self.tokens
            if marker.ttl == "1h":
                self.marked_1h = self.tokens

    def add_content(self, content: str | list[msgspec.Raw]) -> str:
        """Count content and give its text."""
        if isinstance(content, str):
            self.add(count_tokens(content), None)
            return content
        texts: list[str] = []
        for raw in content:
            block = decode(_blocks, bytes(raw))
            if block.text is None:
                self.add(count_raw_tokens(memoryview(raw)), block.cache_control)
            else:
                self.add(count_tokens(block.text), block.cache_control)
                texts.append(block.text)
        return "\n".join(texts)


_requests = msgspec.json.Decoder(_Request)
_messages = msgspec.json.Decoder(list[_Message])
_blocks = msgspec.json.Decoder(_Block)
_tools = msgspec.json.Decoder(_Tool)


def read_messages(body: bytes, header: bytes | None, defaults: Knobs, *, counting: bool) -> Ask:
    """Parse a request to `/v1/messages`, or to `/v1/messages/count_tokens` where `counting` is True.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    request = decode(_requests, body)
    model = require_model(request.model, Kind.CHAT)
    if not is_given(request.messages):
        raise Refusal(400, "messages: a list is needed.", param="messages", model=model.name)
    if request.max_tokens is None and not counting:
        raise Refusal(400, "max_tokens: a number is needed.", param="max_tokens", model=model.name)
    prompt = _Prompt()
    tools = tuple(_read_tool(raw, prompt) for raw in request.tools or ())
    if request.system is not None:
        prompt.add_content(request.system)
    last_user_text, answers_tool = _read_turns(request.messages, prompt)
    require_room(model, prompt.tokens)
    choice = request.tool_choice or _ToolChoice("auto")
    _require_known(choice, tools)
    schema = request.output_format or (request.output_config and request.output_config.format)
    return Ask(
        model=model,
        model_name=request.model or "",
        seed=seed_of((model.name.encode(), memoryview(request.messages), *map(memoryview, request.tools or ()))),
        prompt_tokens=prompt.tokens,
        cache_write_tokens=prompt.marked,
        cache_write_1h_tokens=prompt.marked_1h,
        last_user_text=last_user_text,
        user_spoke_last=not answers_tool,
        tools=tools,
        must_call=choice.type == "any",
        may_call=choice.type != "none",
        forced_tool=choice.name if choice.type == "tool" else None,
        parallel=not choice.disable_parallel_tool_use,
        schema=schema.schema if schema else None,
        stop=tuple(request.stop_sequences or ()),
        max_tokens=request.max_tokens,
        reasoning_tokens=_thinking_tokens(request),
        stream=bool(request.stream),
        knobs=effective_knobs(request.simulate, header, defaults),
    )


def _read_tool(raw: msgspec.Raw, prompt: _Prompt) -> Tool:
    tool = decode(_tools, bytes(raw))
    prompt.add(count_raw_tokens(memoryview(raw)), tool.cache_control)
    return Tool(tool.name, tool.input_schema or {"type": "object"})


def _read_turns(raw: msgspec.Raw, prompt: _Prompt) -> tuple[str, bool]:
    """Text of the last user message that has any, and whether the last message brings a tool's result."""
    turns = decode(_messages, bytes(raw))
    if not turns:
        raise Refusal(400, "messages: at least one message is needed.", param="messages")
    last_user_text = ""
    for turn in turns:
        if turn.role not in {"user", "assistant", "system"}:
            raise Refusal(400, f"messages: '{turn.role}' is not a role.", param="messages")
        prompt.add(_PER_MESSAGE, None)
        text = prompt.add_content(turn.content)
        if turn.role == "user" and text:
            last_user_text = text
    last = turns[-1]
    if isinstance(last.content, str):
        return last_user_text, last.role != "user"
    types = {decode(_blocks, bytes(block)).type for block in last.content}
    return last_user_text, last.role != "user" or "tool_result" in types


def _require_known(choice: _ToolChoice, tools: tuple[Tool, ...]) -> None:
    if choice.type not in {"auto", "any", "tool", "none"}:
        raise Refusal(400, f"tool_choice: '{choice.type}' is not a choice.", param="tool_choice")
    if choice.type == "tool" and all(tool.name != choice.name for tool in tools):
        raise Refusal(400, f"tool_choice: '{choice.name}' is not among the tools.", param="tool_choice")


def _thinking_tokens(request: _Request) -> int:
    thinking = request.thinking
    if thinking is None or thinking.type == "disabled":
        return 0
    if thinking.type == "adaptive":
        return _THINKING_TOKENS
    budget = thinking.budget_tokens
    if thinking.type != "enabled" or budget is None:
        raise Refusal(400, "thinking: enabled with budget_tokens, adaptive, or disabled.", param="thinking")
    if budget < _SHORTEST_BUDGET or (request.max_tokens is not None and budget >= request.max_tokens):
        message = f"thinking.budget_tokens: at least {_SHORTEST_BUDGET} and below max_tokens."
        raise Refusal(400, message, param="thinking.budget_tokens")
    return min(budget, _THINKING_TOKENS)
