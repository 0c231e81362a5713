import pytest

from headgate.domain.conversation import (
    Conversation,
    Message,
    Part,
    Reasoning,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolChoice,
    ToolChoiceKind,
    ToolResult,
)
from headgate.translate.anthropic_messages.render_thinking import render_thinking

BUDGET, ADAPTIVE, NEVER = "claude-sonnet-4-5", "claude-opus-4-6", "claude-3-5-haiku-latest"


def message(role: Role, *parts: Part) -> Message:
    return Message(role=role, parts=parts)


HELLO = message(Role.USER, Text(text="hello"))
CALL = ToolCall(id="a", name="f", arguments="{}")
RESULT = message(Role.USER, ToolResult(call_id="a", content=()))


def render(reasoning: Reasoning | None, model: str, max_tokens: int = 64_000, **asked: object) -> dict:
    conversation = Conversation(**({"messages": (HELLO,), "reasoning": reasoning} | asked))
    return render_thinking(conversation, model=model, max_tokens=max_tokens)


def enabled(budget: int) -> dict:
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def adaptive(effort: str | None) -> dict:
    return {"thinking": {"type": "adaptive"}} | ({"output_config": {"effort": effort}} if effort else {})


@pytest.mark.parametrize(
    ("reasoning", "expected"),
    [
        (None, {}),
        (Reasoning(enabled=False), {}),
        (Reasoning(effort="minimal"), enabled(1_024)),
        (Reasoning(effort="low"), enabled(2_048)),
        (Reasoning(effort="high"), enabled(16_384)),
        (Reasoning(enabled=True), enabled(8_192)),
        (Reasoning(enabled=True, budget_tokens=3_000), enabled(3_000)),
    ],
)
def test_models_of_the_middle_years_get_a_budget(reasoning: Reasoning | None, expected: dict):
    assert expected == render(reasoning, BUDGET)


@pytest.mark.parametrize(
    ("reasoning", "expected"),
    [
        (None, {}),
        (Reasoning(enabled=False), {"thinking": {"type": "disabled"}}),
        (Reasoning(enabled=True), adaptive(None)),
        (Reasoning(effort="minimal"), adaptive("low")),
        (Reasoning(effort="xhigh"), adaptive("high")),
        (Reasoning(effort="max"), adaptive("max")),
        (Reasoning(budget_tokens=2_000), adaptive("low")),
        (Reasoning(budget_tokens=100_000), adaptive("high")),
    ],
)
def test_newer_models_get_an_effort(reasoning: Reasoning | None, expected: dict):
    assert expected == render(reasoning, ADAPTIVE)


def test_older_models_are_not_asked():
    assert {} == render(Reasoning(effort="high"), NEVER)


@pytest.mark.parametrize(
    ("budget", "max_tokens", "expected"),
    [(512, 8_000, 1_024), (7_999, 8_000, 7_999), (8_000, 8_000, 4_000), (24_576, 1_500, 1_024), (2_048, 1_024, 2_048)],
)
def test_a_budget_of_another_format_is_made_to_fit(budget: int, max_tokens: int, expected: int):
    assert enabled(expected) == render(Reasoning(enabled=True, budget_tokens=budget), BUDGET, max_tokens)


@pytest.mark.parametrize(("max_tokens", "expected"), [(8_000, enabled(4_000)), (1_500, enabled(1_024)), (1_024, {})])
def test_a_budget_leaves_room_for_the_answer(max_tokens: int, expected: dict):
    assert expected == render(Reasoning(effort="high"), BUDGET, max_tokens)


@pytest.mark.parametrize("model", [BUDGET, ADAPTIVE])
@pytest.mark.parametrize("kind", [ToolChoiceKind.REQUIRED, ToolChoiceKind.NAMED])
def test_a_forced_tool_leaves_no_thinking(model: str, kind: ToolChoiceKind):
    assert {} == render(Reasoning(effort="high"), model, tool_choice=ToolChoice(kind=kind, name="f"))


@pytest.mark.parametrize(
    ("messages", "thinks"),
    [
        ((HELLO, message(Role.ASSISTANT, CALL), RESULT), False),
        ((HELLO, message(Role.ASSISTANT, Thinking(text="hm"), CALL), RESULT), False),
        ((HELLO, message(Role.ASSISTANT, Thinking(text="hm", signature="s"), CALL), RESULT), True),
        ((HELLO, message(Role.ASSISTANT, Thinking(text="hm", signature="google:s"), CALL), RESULT), False),
        ((HELLO, message(Role.ASSISTANT, CALL), RESULT, HELLO), True),
        ((HELLO, message(Role.ASSISTANT, Text(text="x"))), True),
        ((RESULT,), True),
    ],
)
def test_a_turn_that_began_without_signed_thinking_goes_on_without(messages: tuple[Message, ...], thinks: bool):
    assert thinks == bool(render(Reasoning(effort="high"), BUDGET, messages=messages))
