import pytest

from headgate.translate.anthropic_messages.model_families import ThinkingStyle, thinking_style


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("claude-3-haiku-20240307", ThinkingStyle.NONE),
        ("claude-3-5-sonnet-latest", ThinkingStyle.NONE),
        ("claude-3.5-sonnet", ThinkingStyle.NONE),
        ("claude-2.1", ThinkingStyle.NONE),
        ("claude-instant-1.2", ThinkingStyle.NONE),
        ("claude-3-7-sonnet-20250219", ThinkingStyle.BUDGET),
        ("claude-opus-4-20250514", ThinkingStyle.BUDGET),
        ("claude-opus-4-1-20250805", ThinkingStyle.BUDGET),
        ("claude-sonnet-4-5", ThinkingStyle.BUDGET),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", ThinkingStyle.BUDGET),
        ("anthropic/claude-sonnet-4.5", ThinkingStyle.BUDGET),
        ("claude-sonnet-4@20250514", ThinkingStyle.BUDGET),
        ("claude-opus-4-6", ThinkingStyle.ADAPTIVE),
        ("anthropic/claude-opus-4.7", ThinkingStyle.ADAPTIVE),
        ("claude-sonnet-5", ThinkingStyle.ADAPTIVE),
        ("Claude-Opus-10", ThinkingStyle.ADAPTIVE),
        ("some-other-model", ThinkingStyle.BUDGET),
    ],
)
def test_the_name_tells_how_a_model_is_asked_to_think(model: str, expected: ThinkingStyle):
    assert expected is thinking_style(model)
