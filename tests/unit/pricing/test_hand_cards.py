import datetime as dt

import pytest

from headgate.domain.usage import usage_of
from headgate.pricing.book import PriceBook
from headgate.pricing.hand_cards import LOCAL_PROVIDERS, hand_cards
from headgate.pricing.price import price
from headgate.pricing.seed import seed_cards

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
BOOK = PriceBook(seed_cards())


@pytest.mark.parametrize("provider", LOCAL_PROVIDERS)
def test_local_servers_cost_nothing_whatever_the_model(provider: str):
    card = BOOK.card_for(provider=provider, model="anything:7b", organization_id=None, at=NOW)
    assert card is not None
    assert card.free
    assert (0, ()) == price(card, usage_of(input=10, cache_write_1h=3, output_audio=1, web_search=2), "priority")


def test_hand_made_cards_stand_behind_all_others():
    others = [card.priority for card in seed_cards() if card.source.startswith("genai-prices")]
    assert max(card.priority for card in hand_cards()) < min(others)


@pytest.mark.parametrize(
    ("expected", "tier"), [(12, None), (5, "search-low"), (8, "search-medium"), (12, "search-high")]
)
def test_perplexitys_fee_follows_the_size_of_the_search_context(expected: int, tier: str | None):
    card = BOOK.card_for(provider="perplexity", model="sonar", organization_id=None, at=NOW)
    assert card is not None
    assert expected * 1_000_000 + 1_000 == price(card, usage_of(input=1, web_search=3, output_citation=9), tier).amount


def test_inference_in_the_united_states_costs_a_tenth_more_on_new_models():
    card = BOOK.card_for(provider="anthropic", model="claude-opus-4-8", organization_id=None, at=NOW)
    assert card is not None
    usage = usage_of(input=1_000, cache_read=1_000, output=1_000)
    assert 10 * price(card, usage, "us").amount == 11 * price(card, usage, None).amount


def test_it_does_not_on_old_ones():
    card = BOOK.card_for(provider="anthropic", model="claude-sonnet-4-5", organization_id=None, at=NOW)
    assert card is not None
    assert "us" not in card.by_service_tier


def test_a_search_model_of_openai_costs_its_one_search():
    card = BOOK.card_for(provider="openai", model="gpt-4o-search-preview", organization_id=None, at=NOW)
    assert card is not None
    assert 25_000_000 + 2_500 == price(card, usage_of(input=1), None).amount


def test_venices_list_prices_are_there():
    card = BOOK.card_for(provider="venice", model="qwen3-5-9b", organization_id=None, at=NOW)
    assert card is not None
    assert 155_950 == price(card, usage_of(input=1_348, output=141), None).amount
