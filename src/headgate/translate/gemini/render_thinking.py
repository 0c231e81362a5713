"""How much to think, in Gemini's words."""

from typing import Final

from headgate.domain.conversation import Reasoning
from headgate.translate.gemini.model_families import ThinkingStyle, is_pro, thinking_style

_BUDGETS: Final = {"minimal": 1_024, "low": 1_024, "medium": 8_192, "high": 24_576, "xhigh": 24_576, "max": 24_576}
"""Tokens, as Google's own OpenAI route has it."""
_LEVELS: Final = {
    "minimal": "minimal",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
_LEVEL_OF_BUDGET: Final = ((2_048, "low"), (8_192, "medium"))
"""Largest budget in tokens -> level; above the last one it is high."""
_OF_PRO: Final = {"minimal": "low", "medium": "high"}
"""Levels that the larger models do not have -> what stands for them."""
_LEAST_OF_PRO: Final = 128
"""Tokens: the larger models of 2.5 cannot be told not to think."""


def render_thinking(reasoning: Reasoning | None, *, model: str) -> dict[str, object]:
    """`thinkingConfig`; empty where nothing was asked, or the model does not think."""
    style = thinking_style(model)
    if reasoning is None or style is ThinkingStyle.NONE:
        return {}
    if reasoning.enabled is False:
        if style is ThinkingStyle.BUDGET:
            return {"thinkingBudget": _LEAST_OF_PRO if is_pro(model) else 0}
        return {"thinkingLevel": _level("minimal", model)}
    shown: dict[str, object] = {"includeThoughts": True}
    if style is ThinkingStyle.BUDGET:
        budget = _budget(reasoning)
        return shown if budget is None else {"thinkingBudget": budget, **shown}
    effort = _effort(reasoning)
    return shown if effort is None else {"thinkingLevel": _level(effort, model), **shown}


def _budget(reasoning: Reasoning) -> int | None:
    if reasoning.budget_tokens is not None or reasoning.effort is None:
        return reasoning.budget_tokens
    return _BUDGETS.get(reasoning.effort, _BUDGETS["medium"])


def _effort(reasoning: Reasoning) -> str | None:
    if reasoning.effort is not None or reasoning.budget_tokens is None:
        return reasoning.effort
    budget = reasoning.budget_tokens
    return next((level for most, level in _LEVEL_OF_BUDGET if budget <= most), "high")


def _level(effort: str, model: str) -> str:
    level = _LEVELS.get(effort, "medium")
    return _OF_PRO.get(level, level) if is_pro(model) else level
