import pytest

from headgate.translate.gemini.model_families import ThinkingStyle, insists_on_signatures, is_pro, thinking_style


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gemini-1.5-pro-002", ThinkingStyle.NONE),
        ("gemini-2.0-flash", ThinkingStyle.NONE),
        ("gemini-2.5-flash-lite", ThinkingStyle.BUDGET),
        ("google/gemini-2.5-pro-preview-03-25", ThinkingStyle.BUDGET),
        ("gemini-3-flash-preview", ThinkingStyle.LEVEL),
        ("gemini-3.1-pro-preview", ThinkingStyle.LEVEL),
        ("gemini-4-argon", ThinkingStyle.LEVEL),
        ("gemini-flash-latest", ThinkingStyle.LEVEL),
        ("gemini-flash-1.5", ThinkingStyle.NONE),
        ("gemini-live-2.5-flash", ThinkingStyle.BUDGET),
        ("gemma-3-27b-it", ThinkingStyle.NONE),
        ("small", ThinkingStyle.NONE),
    ],
)
def test_the_name_tells_how_a_model_is_asked_to_think(model: str, expected: ThinkingStyle):
    assert expected is thinking_style(model)
    assert insists_on_signatures(model) == (expected is ThinkingStyle.LEVEL)


def test_the_larger_models_are_known():
    assert [True, False] == [is_pro(model) for model in ("gemini-2.5-pro", "gemini-2.5-flash")]
