import datetime as dt

import pytest

from headgate.domain.usage import usage_of
from headgate.pricing.book import PriceBook
from headgate.pricing.price import price
from headgate.pricing.seed import seed_cards

BOOK = PriceBook(seed_cards())
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def cost(provider: str, model: str, tier: str | None = None, **usage: int) -> int:
    card = BOOK.card_for(provider=provider, model=model, organization_id=None, at=NOW)
    assert card is not None
    priced = price(card, usage_of(**usage), tier)
    assert () == priced.unpriced_units
    return priced.amount


@pytest.mark.parametrize(
    ("model", "nano"),
    [("rerank-v3.5", 2_000_000), ("rerank-v4.0-pro", 2_500_000), ("rerank-english-v3.0", 2_000_000)],
)
def test_cohere_bills_searches(model: str, nano: int):
    assert 3 * nano == cost("cohere", model, search_unit=3)


@pytest.mark.parametrize(("model", "nano"), [("rerank-2.5", 50_000), ("rerank-2.5-lite", 20_000), ("rerank-2", 50_000)])
def test_voyage_bills_tokens(model: str, nano: int):
    assert nano == cost("voyageai", model, input=1_000)


@pytest.mark.parametrize(
    ("model", "tier", "nano"),
    [
        ("dall-e-3", "standard/1024x1024", 40_000_000),
        ("dall-e-3", "hd/1792x1024", 120_000_000),
        ("dall-e-3", "hd/4096x4096", 120_000_000),
        ("dall-e-2", "standard/256x256", 16_000_000),
        ("dall-e-2", None, 20_000_000),
    ],
)
def test_an_image_costs_what_its_quality_and_size_do_and_the_dearest_where_they_are_not_known(
    model: str, tier: str | None, nano: int
):
    assert 2 * nano == cost("openai", model, tier, image=2)
    assert 2 * nano == cost("azure", model, tier, image=2)


@pytest.mark.parametrize("model", ["omni-moderation-latest", "text-moderation-007"])
def test_moderation_is_free(model: str):
    card = BOOK.card_for(provider="openai", model=model, organization_id=None, at=NOW)
    assert card is not None
    assert card.free


def test_sound_is_billed_by_the_second_and_speech_by_the_character():
    assert 60 * 100_000 == cost("openai", "whisper-1", audio_second=60)
    assert 111_000_000 == cost("groq", "whisper-large-v3", audio_second=3_600)
    assert 15_000_000 == cost("openai", "tts-1", character=1_000)
    assert 30_000_000 == cost("openai", "tts-1-hd", character=1_000)
    assert 22_000_000 == cost("groq", "canopylabs/orpheus-v1-english", character=1_000)


def test_mistral_bills_the_minutes_of_a_transcription_and_not_the_tokens_that_it_reports():
    assert 60 * 50_000 == cost("mistral", "voxtral-mini-latest", audio_second=60, input=4, output=200)


@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "gpt-4o-mini-tts", "gpt-image-1", "gpt-image-1.5"])
def test_models_that_bill_sound_and_images_as_tokens_have_cards(model: str):
    assert cost("openai", model, input=1_000, output=1_000) > 0
