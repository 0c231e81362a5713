"""How much to think, in Anthropic's words."""

from typing import Final

from headgate.domain.conversation import (
    Conversation,
    Reasoning,
    Role,
    Thinking,
    ToolCall,
    ToolChoiceKind,
    ToolResult,
)
from headgate.translate.anthropic_messages.model_families import ThinkingStyle, thinking_style
from headgate.translate.signatures import is_marked

SMALLEST_BUDGET: Final = 1_024
"""Tokens; Anthropic refuses less."""
_BUDGETS: Final = {"minimal": 1_024, "low": 2_048, "medium": 8_192, "high": 16_384, "xhigh": 32_768, "max": 32_768}
_EFFORTS: Final = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "max"}
_MEDIUM: Final = "medium"


def render_thinking(conversation: Conversation, *, model: str, max_tokens: int) -> dict[str, object]:
    """`thinking` and `output_config.effort` of the body; empty where the model must not or cannot think."""
    reasoning, style = conversation.reasoning, thinking_style(model)
    if reasoning is None or style is ThinkingStyle.NONE:
        return {}
    if reasoning.enabled is False:
        return {"thinking": {"type": "disabled"}} if style is ThinkingStyle.ADAPTIVE else {}
    if _forced(conversation) or _loop_without_thinking(conversation):
        return {}
    if style is ThinkingStyle.ADAPTIVE:
        return _adaptive(reasoning)
    budget = _budget(reasoning, max_tokens)
    return {} if budget is None else {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _adaptive(reasoning: Reasoning) -> dict[str, object]:
    rendered: dict[str, object] = {"thinking": {"type": "adaptive"}}
    effort = reasoning.effort
    if effort is None and reasoning.budget_tokens is not None:
        effort = next((name for name, most in _BUDGETS.items() if reasoning.budget_tokens <= most), "high")
    if effort is not None:
        rendered["output_config"] = {"effort": _EFFORTS.get(effort, _MEDIUM)}
    return rendered


def _budget(reasoning: Reasoning, max_tokens: int) -> int | None:
    """Tokens: the caller's own figure, or what the effort stands for, leaving half of the limit for the answer.

    Other formats have smaller budgets, and larger ones than the limit of the whole output: Anthropic refuses both.
    Where the limit has no room for any budget, what the caller asked for is left for Anthropic to judge.
    """
    if max_tokens <= SMALLEST_BUDGET:
        return reasoning.budget_tokens
    wanted = reasoning.budget_tokens
    if wanted is None or wanted >= max_tokens:
        named = _BUDGETS.get(reasoning.effort or _MEDIUM, _BUDGETS[_MEDIUM])
        wanted = min(named if wanted is None else wanted, max_tokens // 2)
    return max(SMALLEST_BUDGET, wanted)


def _forced(conversation: Conversation) -> bool:
    """Anthropic refuses to think before a tool that it must call."""
    choice = conversation.tool_choice
    return choice is not None and choice.kind in {ToolChoiceKind.REQUIRED, ToolChoiceKind.NAMED}


def _loop_without_thinking(conversation: Conversation) -> bool:
    """Anthropic refuses to think in the middle of a turn that did not begin with its own signed thinking."""
    for message in reversed(conversation.messages):
        if message.role is Role.ASSISTANT:
            calls = any(isinstance(part, ToolCall) for part in message.parts)
            signed = any(isinstance(part, Thinking) and _signed_here(part) for part in message.parts)
            return calls and not signed
        if not any(isinstance(part, ToolResult) for part in message.parts):
            return False
    return False


def _signed_here(thinking: Thinking) -> bool:
    return bool(thinking.signature) and not is_marked(thinking.signature)
