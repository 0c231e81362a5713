"""Tools, and how free the model is to call them, in the words of Bedrock's Converse format."""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.conversation import CacheHint, Conversation, Tool, ToolCall, ToolChoice, ToolChoiceKind, ToolResult
from headgate.translate.bedrock_converse.model_families import Family
from headgate.translate.codec import UntranslatableError
from headgate.translate.content import tool_names
from headgate.translate.decoding import decode, embed_object

_CLAUDES_CHOICES: Final = {
    ToolChoiceKind.AUTO: "auto",
    ToolChoiceKind.NONE: "none",
    ToolChoiceKind.REQUIRED: "any",
    ToolChoiceKind.NAMED: "tool",
}
_ANY_OBJECT: Final[Mapping[str, object]] = {"type": "object"}

Block = dict[str, object]


def cache_point(hint: CacheHint) -> Block:
    """Ends a prefix that may be cached."""
    point: Block = {"type": "default"}
    return {"cachePoint": point | ({"ttl": hint.value} if hint is CacheHint.ONE_HOUR else {})}


def render_tools(conversation: Conversation, family: Family) -> tuple[Block | None, Block]:
    """`toolConfig`, if there is one, and what Claude has to be told of the choice in its own words.

    The format insists on the tools whose calls are in the conversation, and has no word for not calling them; nor for
    calling one at a time. Claude has both.

    Raises:
        UntranslatableError: the model cannot be told what the caller wants.
    """
    choice = conversation.tool_choice or ToolChoice(kind=ToolChoiceKind.AUTO)
    if not conversation.tools or choice.kind is ToolChoiceKind.NONE:
        return _without_calls(conversation, family)
    config: Block = {"tools": _tools(conversation.tools, family)}
    if conversation.parallel_tool_calls is False:
        if family is not Family.CLAUDE:
            raise UntranslatableError("parallel_tool_calls", "this model may call several tools at once: leave it out")
        named: Block = {"name": choice.name or ""} if choice.kind is ToolChoiceKind.NAMED else {}
        one = {"type": _CLAUDES_CHOICES[choice.kind], **named, "disable_parallel_tool_use": True}
        return config, {"tool_choice": one}
    if choice.kind is ToolChoiceKind.REQUIRED:
        config["toolChoice"] = {"any": {}}
    elif choice.kind is ToolChoiceKind.NAMED:
        config["toolChoice"] = {"tool": {"name": choice.name or ""}}
    elif conversation.tool_choice is not None:
        config["toolChoice"] = {"auto": {}}
    return config, {}


def _without_calls(conversation: Conversation, family: Family) -> tuple[Block | None, Block]:
    """The model must not call anything: no tools, or those of the conversation's earlier calls and a prohibition."""
    parts = (part for message in conversation.messages for part in message.parts)
    if not any(isinstance(part, ToolCall | ToolResult) for part in parts):
        return None, {}
    if family is not Family.CLAUDE:
        field = "tool_choice" if conversation.tools else "tools"
        raise UntranslatableError(
            field,
            "this model cannot be kept from calling tools while earlier calls are in the conversation: "
            "send the tools and leave the choice to it",
        )
    tools = conversation.tools or tuple(Tool(name=name) for name in dict.fromkeys(tool_names(conversation).values()))
    if not tools:
        raise UntranslatableError("messages", "results of tools need the calls that they answer")
    return {"tools": _tools(tools, family)}, {"tool_choice": {"type": "none"}}


def _tools(tools: tuple[Tool, ...], family: Family) -> list[Block]:
    rendered: list[Block] = []
    for i, tool in enumerate(tools):
        spec = _tool(tool, f"tools[{i}]")
        # Only Claude takes the field; it tunes.
        rendered.append({"toolSpec": spec | ({"strict": True} if tool.strict and family is Family.CLAUDE else {})})
        if tool.cache is not None and family is Family.CLAUDE:
            rendered.append(cache_point(tool.cache))
    return rendered


def _tool(tool: Tool, field: str) -> Block:
    spec: Block = {"name": tool.name}
    if tool.description:
        spec["description"] = tool.description
    spec["inputSchema"] = {"json": _schema(tool.parameters, f"{field}.parameters")}
    return spec


def _schema(parameters: str | None, field: str) -> object:
    """The schema as it was written; the format insists on its type."""
    if parameters is None:
        return _ANY_OBJECT
    fields = decode(parameters.encode(), dict[str, msgspec.Raw], field)
    return embed_object(parameters, field) if "type" in fields else {**_ANY_OBJECT, **fields}
