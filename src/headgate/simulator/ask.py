"""What a chat request asks for, in one form for both formats."""

import msgspec

from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Model

TOOL_PHRASE = "use the tool"
"""A user message with these words makes the model call tools that it is free to leave alone."""


class Tool(msgspec.Struct, frozen=True):
    """A function that the model may call."""

    name: str
    schema: dict[str, object]
    """JSON schema of its arguments."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One chat request, parsed."""

    model: Model
    model_name: str
    """As the caller wrote it; answers repeat it."""
    seed: int
    """Stands for model, messages and tools: equal questions get equal answers, streamed or not."""
    prompt_tokens: int
    cache_write_tokens: int = 0
    """Of the prompt, up to the last cache marker."""
    cache_write_1h_tokens: int = 0
    """Of the prompt, up to the last marker that asks for an hour."""
    last_user_text: str
    """Text of the last message where it is the user's, otherwise of the last user message."""
    user_spoke_last: bool
    """False after a tool's result: then a free choice of tools ends in text."""
    tools: tuple[Tool, ...] = ()
    must_call: bool = False
    may_call: bool = True
    forced_tool: str | None = None
    parallel: bool = True
    schema: dict[str, object] | None = None
    """Of the whole answer; None: free text."""
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None
    choices: int = 1
    reasoning_tokens: int = 0
    """How long to reason where no knob says otherwise; 0: not at all."""
    stream: bool = False
    include_usage: bool = False
    knobs: Knobs


def choose_tools(ask: Ask) -> tuple[Tool, ...]:
    """Which tools the model calls now.

    A forced tool alone; otherwise, where a call is required or the user says the phrase, the tools that the user
    names, else the first two: one only where calls may not be parallel.
    """
    if not ask.tools or not ask.may_call:
        return ()
    if ask.forced_tool is not None:
        return tuple(tool for tool in ask.tools if tool.name == ask.forced_tool)
    if not ask.must_call and not (ask.user_spoke_last and TOOL_PHRASE in ask.last_user_text.lower()):
        return ()
    named = tuple(tool for tool in ask.tools if tool.name in ask.last_user_text)
    chosen = named or ask.tools[:2]
    return chosen if ask.parallel else chosen[:1]
