import pytest

from headgate.domain.formats import Format
from headgate.providers.table import PROVIDERS
from headgate.providers.variants import NotSpokenError, address_of, variant

AZURE = PROVIDERS["azure_openai"]


def test_an_operator_without_anything_special_is_itself():
    assert PROVIDERS["openai"] is variant(PROVIDERS["openai"])


def test_one_format_leaves_that_format_only():
    only = variant(PROVIDERS["anthropic"], format_="anthropic.messages")
    assert {Format.ANTHROPIC_MESSAGES: "/v1/messages"} == only.paths


@pytest.mark.parametrize("name", ["anthropic.messages", "openai", ""])
def test_a_format_that_is_not_spoken_is_refused_with_those_that_are(name: str):
    with pytest.raises(NotSpokenError, match=r"it speaks openai\.chat, openai\.embeddings"):
        variant(PROVIDERS["openai"], format_=name)


def test_a_version_is_part_of_every_address_and_cannot_end_it():
    for path in variant(AZURE, version="2024-10-21").paths.values():
        assert path.endswith("?api-version=2024-10-21")
    assert "&" not in variant(AZURE, version="1&deployment=other").paths[Format.OPENAI_CHAT]


def test_only_some_operators_have_versions():
    assert ["azure_openai"] == [name for name, value in PROVIDERS.items() if value.versioned_paths]
    with pytest.raises(NotSpokenError, match="Groq has no API versions"):
        variant(PROVIDERS["groq"], version="1")


def test_a_version_and_a_format_go_together():
    both = variant(AZURE, format_="openai.speech", version="v")
    assert {Format.OPENAI_SPEECH: "/openai/deployments/{model}/audio/speech?api-version=v"} == both.paths


@pytest.mark.parametrize(
    ("expected", "provider", "given"),
    [
        ("https://r.example/openai/v1", "azure_openai", "https://r.example/"),
        ("https://r.example/openai/v1", "azure_openai", "https://r.example/openai/v1"),
        ("https://r.example/mine", "azure_openai", "https://r.example/mine"),
        ("https://r.example", "openai", "https://r.example/"),
        ("http://gpu:11434", "ollama", "http://gpu:11434/v1/"),
        ("http://gpu:11434", "ollama", "http://gpu:11434"),
        ("https://r.example/gpu", "ollama", "https://r.example/gpu/v1"),
        ("http://gpu:3000", "tgi", "http://gpu:3000/v1"),
        ("https://r.example/v1", "openai", "https://r.example/v1"),
    ],
)
def test_an_address_comes_with_its_suffix_or_without(expected: str, provider: str, given: str):
    assert expected == address_of(PROVIDERS[provider], given)


def test_with_a_version_the_suffix_goes():
    assert "https://r.example" == address_of(AZURE, "https://r.example/openai/v1/", version="v")
    assert "https://r.example" == address_of(AZURE, "https://r.example", version="v")
