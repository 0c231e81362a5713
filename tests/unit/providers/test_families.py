import pytest

from headgate.providers.families import family_of, made_image_tokens, searches_by_itself, thinks_unasked, window_of


@pytest.mark.parametrize(
    ("expected", "model"),
    [
        (16_384, "gpt-4o-mini-2024-07-18"),
        (32_768, "gpt-4.1"),
        (64_000, "claude-sonnet-4-5-20250929"),
        (8_192, "anthropic/claude-3.5-sonnet"),
        (64_000, "anthropic/claude-sonnet-4.5"),
        (65_536, "gemini-2.5-flash"),
        (64_000, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        (64_000, "arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        (10_240, "us-gov.amazon.nova-lite-v1:0"),
        (4_096, "amazon.titan-text-lite-v1"),
        (None, "my-finetune"),
    ],
)
def test_the_longest_output_follows_from_the_family(expected: int | None, model: str):
    assert expected == family_of(model).max_output


def test_the_longest_prefix_names_the_family():
    assert 48_169 == family_of("gpt-4o-mini").image_tokens
    assert 1_445 == family_of("gpt-4o").image_tokens


def test_an_unknown_family_has_no_facts():
    assert (None, None, None) == family_of("my-finetune")[1:]
    assert window_of("my-finetune") is None


@pytest.mark.parametrize(
    "model", ["groq/compound", "gpt-4o-search-preview", "sonar-deep-research", "openai/gpt-4o:online"]
)
def test_some_models_search_by_themselves(model: str):
    assert searches_by_itself(model)


def test_most_models_do_not():
    assert not searches_by_itself("gpt-4o")


@pytest.mark.parametrize(
    ("expected", "model"),
    [
        (131_072, "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
        (262_144, "mistral-small-latest"),
        (200_000, "claude-3.5-sonnet"),
        (1_000_000, "claude-sonnet-4"),
        (None, "phi-3-mini-128k-instruct"),
        (None, "qwen2.5-7b-instruct-1m"),
        (None, "nvidia/llama-3.1-nemotron-70b-instruct"),
    ],
)
def test_the_window_is_the_familys_unless_the_name_states_its_own(expected: int | None, model: str):
    assert expected == window_of(model)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gemini-2.5-flash", True),
        ("google/gemini-3-pro-preview", True),
        ("gemini-flash-latest", True),
        ("gemini-2.0-flash", False),
        ("gemini-1.5-pro", False),
        ("gemini-flash-1.5", False),
        ("o3-mini", True),
        ("o1", True),
        ("gpt-5-mini", True),
        ("gpt-5-chat-latest", False),
        ("gpt-4o", False),
        ("claude-sonnet-4-5", False),
    ],
)
def test_some_models_think_unasked_and_unseen(model: str, expected: bool):
    assert expected == thinks_unasked(model)


def test_an_image_has_the_tokens_of_its_quality_and_size_where_they_are_published():
    assert 4_160 == made_image_tokens("gpt-image-1", "high/1024x1024")
    assert made_image_tokens("gpt-image-1", "auto/auto") is None
    assert made_image_tokens("gpt-image-2", "high/1024x1024") is None
    assert 16_384 == family_of("gpt-image-2.5-flare").max_output
