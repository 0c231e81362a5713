import pytest

from headgate.translate.bedrock_converse.model_families import Family, family_of


@pytest.mark.parametrize(
    ("expected", "model"),
    [
        (Family.CLAUDE, "anthropic.claude-3-haiku-20240307-v1:0"),
        (Family.CLAUDE, "us.anthropic.claude-sonnet-4-6"),
        (Family.CLAUDE, "arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        (Family.NOVA, "us-gov.amazon.nova-lite-v1:0"),
        (Family.NOVA_2, "global.amazon.nova-2-lite-v1:0"),
        (Family.GPT_OSS, "openai.gpt-oss-120b-1:0"),
        (Family.QWEN, "qwen.qwen3-32b-v1:0"),
        (Family.MISTRAL, "us.mistral.pixtral-large-2502-v1:0"),
        (Family.COHERE, "cohere.command-r-plus-v1:0"),
        (Family.OTHER, "amazon.titan-text-lite-v1"),
        (Family.OTHER, "meta.llama3-2-1b-instruct-v1:0"),
        (Family.OTHER, "arn:aws:bedrock:us-east-1:1:application-inference-profile/1arbu5hu2sjr"),
    ],
)
def test_a_name_says_whose_model_it_is(expected: Family, model: str):
    assert expected is family_of(model)


def test_only_some_take_cache_points_and_failed_tools():
    takes = {Family.CLAUDE, Family.NOVA, Family.NOVA_2}
    assert takes == {family for family in Family if family.caches}
    assert takes == {family for family in Family if family.tells_failed_tools}
