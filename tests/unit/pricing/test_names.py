from genai_prices.data import providers

from headgate.pricing.names import FALLBACK_PROVIDERS, spellings


def test_a_name_is_looked_up_as_it_is_in_lower_case():
    assert [("openai", "gpt-4o")] == list(spellings("openai", "GPT-4o"))


def test_the_operators_own_prefix_and_googles_are_dropped():
    assert ("mistral", "codestral") in list(spellings("mistral", "mistral/codestral"))
    assert ("google", "gemini-pro") in list(spellings("google", "models/gemini-pro"))


def test_a_compact_date_is_also_looked_up_with_dashes():
    assert [("openrouter", "openai/gpt-5.2-20251211"), ("openrouter", "openai/gpt-5.2-2025-12-11")] == list(
        spellings("openrouter", "openai/gpt-5.2-20251211")
    )


def test_a_number_that_is_no_date_stays():
    assert [("x", "m-20251311")] == list(spellings("x", "m-20251311"))


def test_hugging_faces_router_names_the_seller_behind_a_colon():
    assert [("huggingface_novita", "org/m")] == list(spellings("huggingface", "org/m:novita"))


def test_bedrocks_arns_stand_for_the_model_at_their_end():
    profile = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-5"
    assert [("aws", "us.anthropic.claude-sonnet-5")] == list(spellings("aws", profile))
    model = "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/amazon.nova-lite-v1:0"
    assert [("aws", "amazon.nova-lite-v1:0")] == list(spellings("aws", model))
    own = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/1arbu5hu2sjr"
    assert [("aws", own)] == list(spellings("aws", own))


def test_stand_in_operators_come_after_the_own_one():
    assert ["azure", "openai", "anthropic", "deepseek", "x-ai", "moonshotai"] == [p for p, _ in spellings("azure", "m")]


def test_the_stand_ins_are_those_of_the_price_data():
    published = {p.id: tuple(p.fallback_model_providers) for p in providers if p.fallback_model_providers}
    assert FALLBACK_PROVIDERS == published
