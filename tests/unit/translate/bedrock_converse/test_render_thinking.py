import pytest

from headgate.domain.conversation import Conversation, Message, Reasoning, Role, Text
from headgate.translate.bedrock_converse.model_families import family_of
from headgate.translate.bedrock_converse.render_thinking import HowToThink, render_thinking

CLAUDE_4_5 = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
CLAUDE_4_6 = "us.anthropic.claude-sonnet-4-6"
NOVA_2 = "us.amazon.nova-2-lite-v1:0"
GPT_OSS = "openai.gpt-oss-120b-1:0"
QWEN = "qwen.qwen3-32b-v1:0"


def told(model: str, reasoning: Reasoning | None, limit: int | None = None) -> HowToThink:
    said = Message(role=Role.USER, parts=(Text(text="Hi"),))
    conversation = Conversation(messages=(said,), reasoning=reasoning, max_output_tokens=limit)
    return render_thinking(conversation, family_of(model), model=model, default_max_tokens=8_192)


def nova(effort: str) -> dict[str, object]:
    return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": effort}}


@pytest.mark.parametrize(
    ("expected", "enabled", "model", "reasoning", "limit"),
    [
        ({}, False, CLAUDE_4_5, None, None),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2000}},
            True,
            CLAUDE_4_5,
            Reasoning(budget_tokens=2000),
            None,
        ),
        ({"thinking": {"type": "enabled", "budget_tokens": 4096}}, True, CLAUDE_4_5, Reasoning(effort="high"), None),
        (
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
            True,
            CLAUDE_4_6,
            Reasoning(effort="high"),
            None,
        ),
        ({"thinking": {"type": "disabled"}}, False, CLAUDE_4_6, Reasoning(enabled=False), None),
        (nova("low"), True, NOVA_2, Reasoning(effort="minimal"), None),
        (nova("high"), True, NOVA_2, Reasoning(effort="max"), None),
        (nova("medium"), True, NOVA_2, Reasoning(effort="max"), 500),
        (nova("medium"), True, NOVA_2, Reasoning(enabled=True), None),
        ({"reasoningConfig": {"type": "disabled"}}, False, NOVA_2, Reasoning(enabled=False), None),
        ({"reasoning_effort": "low"}, False, GPT_OSS, Reasoning(budget_tokens=2_000), None),
        ({"reasoning_effort": "medium"}, False, GPT_OSS, Reasoning(budget_tokens=8_000), None),
        ({"reasoning_effort": "high"}, False, GPT_OSS, Reasoning(budget_tokens=9_000), None),
        ({}, False, GPT_OSS, Reasoning(enabled=False), None),
        ({"reasoning_config": "high"}, False, QWEN, Reasoning(effort="high"), None),
        ({}, False, "amazon.nova-lite-v1:0", Reasoning(effort="high"), None),
        ({}, False, "deepseek.r1-v1:0", Reasoning(effort="high"), None),
    ],
)
def test_every_family_is_told_in_its_own_words(
    expected: dict[str, object], enabled: bool, model: str, reasoning: Reasoning | None, limit: int | None
):
    assert HowToThink(expected, enabled=enabled) == told(model, reasoning, limit)
