import pytest

from headgate.domain.conversation import Reasoning
from headgate.translate.openai_models import is_openai_reasoning, render_effort, takes_effort


@pytest.mark.parametrize(
    "model", ["o1", "o1-mini", "o3-2025-04-16", "o4-mini", "gpt-5", "gpt-5-mini", "gpt-5.2", "openai/o3", "GPT-5"]
)
def test_reasoning_models_are_known_by_name(model: str):
    assert is_openai_reasoning(model)
    assert takes_effort(model)


@pytest.mark.parametrize(
    "model", ["gpt-4o", "gpt-4.1-mini", "gpt-5-chat-latest", "o", "omni", "deepseek-chat", "o1x", ""]
)
def test_other_models_are_not(model: str):
    assert not is_openai_reasoning(model)
    assert not takes_effort(model)


@pytest.mark.parametrize("model", ["openai/gpt-oss-120b", "gemini-2.5-flash", "google/gemini-3-pro"])
def test_some_take_an_effort_and_knobs_beside_it(model: str):
    assert not is_openai_reasoning(model)
    assert takes_effort(model)


@pytest.mark.parametrize(
    ("reasoning", "expected"),
    [
        (None, None),
        (Reasoning(enabled=False, effort="low"), None),
        (Reasoning(enabled=True), None),
        (Reasoning(effort="max"), "xhigh"),
        (Reasoning(effort="minimal"), "minimal"),
        (Reasoning(budget_tokens=2_048), "low"),
        (Reasoning(budget_tokens=8_192), "medium"),
        (Reasoning(budget_tokens=8_193), "high"),
    ],
)
def test_how_much_to_think_is_a_word(reasoning: Reasoning | None, expected: str | None):
    assert expected == render_effort(reasoning)
