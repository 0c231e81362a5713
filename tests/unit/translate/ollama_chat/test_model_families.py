import pytest

from headgate.translate.ollama_chat.model_families import takes_level, takes_thinking


@pytest.mark.parametrize(
    "model", ["qwen3:4b", "qwen3.6:latest", "someone/deepseek-r1:14b", "gpt-oss:20b", "GLM-4.7:cloud"]
)
def test_models_that_think_are_told(model: str):
    assert takes_thinking(model)


@pytest.mark.parametrize("model", ["llama3.2", "gemma3:1b", "qwen3-coder:30b", "qwen2.5:14b", "mistral", "kimi-k2:1t"])
def test_the_others_are_not(model: str):
    assert not takes_thinking(model)


def test_one_family_takes_a_level():
    assert takes_level("gpt-oss:120b-cloud")
    assert not takes_level("qwen3:4b")
