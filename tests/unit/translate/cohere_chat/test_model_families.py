import pytest

from headgate.translate.cohere_chat.model_families import takes_thinking


@pytest.mark.parametrize("model", ["command-a-reasoning-08-2025", "Command-A-Plus-05-2026"])
def test_models_that_reason_are_told_how_much(model: str):
    assert takes_thinking(model)


@pytest.mark.parametrize(
    "model", ["command-a-03-2025", "command-r-plus", "command-r7b-12-2024", "command-a-vision-07-2025"]
)
def test_the_others_are_not(model: str):
    assert not takes_thinking(model)
