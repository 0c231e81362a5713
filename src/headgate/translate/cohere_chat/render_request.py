"""Conversation -> request body of Cohere's chat format."""

from typing import Final

import msgspec

from headgate.domain.conversation import (
    Conversation,
    JsonFormat,
    JsonSchemaFormat,
    Reasoning,
    Tool,
    ToolChoiceKind,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.cohere_chat.model_families import takes_thinking
from headgate.translate.cohere_chat.render_messages import render_messages
from headgate.translate.decoding import embed_object, encode

_MOST_STOP_SEQUENCES: Final = 5
_LOWEST_P: Final = 0.01
_HIGHEST_P: Final = 0.99
_BUDGETS: Final = {"minimal": 1_024, "low": 2_048, "medium": 8_192, "high": 16_384, "xhigh": 32_768, "max": 32_768}
"""Tokens that an effort stands for: the format has budgets only."""
_NO_PARAMETERS: Final = msgspec.Raw(b'{"type":"object","properties":{}}')


def render_request(conversation: Conversation, *, model: str) -> bytes:
    """Write a request.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    thinks = takes_thinking(model)
    body: dict[str, object] = {
        "model": model,
        "messages": render_messages(conversation, thinks=thinks),
        "stream": conversation.stream,
    }
    _put_tools(body, conversation)
    _put_sampling(body, conversation)
    if len(conversation.stop_sequences) > _MOST_STOP_SEQUENCES:
        raise UntranslatableError("stop_sequences", f"this model takes at most {_MOST_STOP_SEQUENCES}")
    if conversation.stop_sequences:
        body["stop_sequences"] = conversation.stop_sequences
    if conversation.response_format is not None:
        body["response_format"] = _response_format(conversation.response_format)
    if conversation.reasoning is not None and thinks:
        body |= _thinking(conversation.reasoning, conversation.max_output_tokens)
    return encode(body, "body")


def _put_tools(body: dict[str, object], conversation: Conversation) -> None:
    tools, choice = conversation.tools, conversation.tool_choice
    if not tools:
        return
    if conversation.parallel_tool_calls is False:
        raise UntranslatableError("parallel_tool_calls", "this model may call several tools at once: leave it out")
    if choice is not None and choice.kind is ToolChoiceKind.NAMED:
        # The format cannot name one: a tool that must be called and stands alone is the one that is called.
        tools = tuple(tool for tool in tools if tool.name == choice.name)
        if not tools:
            raise UntranslatableError("tool_choice.name", f"no tool is called {choice.name!r}")
    body["tools"] = [_tool(tool, f"tools[{i}]") for i, tool in enumerate(tools)]
    if choice is not None and choice.kind is not ToolChoiceKind.AUTO:
        body["tool_choice"] = "NONE" if choice.kind is ToolChoiceKind.NONE else "REQUIRED"
    if all(tool.strict for tool in tools):
        body["strict_tools"] = True


def _tool(tool: Tool, field: str) -> dict[str, object]:
    function: dict[str, object] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    given = tool.parameters
    function["parameters"] = _NO_PARAMETERS if given is None else embed_object(given, f"{field}.parameters")
    return {"type": "function", "function": function}


def _put_sampling(body: dict[str, object], conversation: Conversation) -> None:
    if conversation.max_output_tokens is not None:
        body["max_tokens"] = conversation.max_output_tokens
    if conversation.temperature is not None:
        body["temperature"] = conversation.temperature
    if conversation.top_p is not None:
        body["p"] = min(max(conversation.top_p, _LOWEST_P), _HIGHEST_P)
    if conversation.top_k is not None:
        body["k"] = conversation.top_k


def _response_format(given: JsonSchemaFormat | JsonFormat) -> dict[str, object]:
    if isinstance(given, JsonFormat):
        return {"type": "json_object"}
    return {"type": "json_object", "schema": embed_object(given.schema, "response_format.schema")}


def _thinking(reasoning: Reasoning, limit: int | None) -> dict[str, object]:
    if reasoning.enabled is False:
        return {"thinking": {"type": "disabled"}}
    budget = reasoning.budget_tokens
    if budget is None and reasoning.effort is not None:
        budget = _BUDGETS.get(reasoning.effort)
        # Half of the limit is left for the answer.
        budget = budget if budget is None or limit is None else max(min(budget, limit // 2), 1)
    return {"thinking": {"type": "enabled"} | ({"token_budget": budget} if budget is not None else {})}
