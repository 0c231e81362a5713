import pytest

from headgate.domain.conversation import Reasoning
from headgate.translate.gemini.render_thinking import render_thinking

SHOWN = {"includeThoughts": True}


@pytest.mark.parametrize(
    ("model", "reasoning", "expected"),
    [
        ("gemini-2.0-flash", Reasoning(effort="high"), {}),
        ("gemini-2.5-flash", None, {}),
        ("gemini-2.5-flash", Reasoning(enabled=False), {"thinkingBudget": 0}),
        ("gemini-2.5-pro", Reasoning(enabled=False), {"thinkingBudget": 128}),
        ("gemini-2.5-flash", Reasoning(enabled=True), SHOWN),
        ("gemini-2.5-flash", Reasoning(effort="medium"), {"thinkingBudget": 8_192, **SHOWN}),
        ("gemini-2.5-flash", Reasoning(effort="max", budget_tokens=77), {"thinkingBudget": 77, **SHOWN}),
        ("gemini-3-flash-preview", Reasoning(enabled=False), {"thinkingLevel": "minimal"}),
        ("gemini-3-pro-preview", Reasoning(enabled=False), {"thinkingLevel": "low"}),
        ("gemini-3-flash-preview", Reasoning(effort="medium"), {"thinkingLevel": "medium", **SHOWN}),
        ("gemini-3-pro-preview", Reasoning(effort="medium"), {"thinkingLevel": "high", **SHOWN}),
        ("gemini-3-flash-preview", Reasoning(effort="xhigh"), {"thinkingLevel": "high", **SHOWN}),
        ("gemini-3-flash-preview", Reasoning(budget_tokens=2_000), {"thinkingLevel": "low", **SHOWN}),
        ("gemini-3-flash-preview", Reasoning(budget_tokens=9_000), {"thinkingLevel": "high", **SHOWN}),
        ("gemini-3-flash-preview", Reasoning(enabled=True), SHOWN),
    ],
)
def test_each_generation_is_asked_in_its_words(model: str, reasoning: Reasoning | None, expected: dict):
    assert expected == render_thinking(reasoning, model=model)
