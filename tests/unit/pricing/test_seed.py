import datetime as dt
from decimal import Decimal

import pytest

from headgate.domain.prices import PriceCard, Rate
from headgate.domain.usage import Unit, usage_of
from headgate.pricing.book import PriceBook
from headgate.pricing.compiled import compile_card
from headgate.pricing.price import price
from headgate.pricing.seed import seed_cards
from headgate.providers.families import window_of
from headgate.providers.table import provider_of_model
from tests.kit.seeds import SEED_MODELS

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
CARDS = seed_cards()
BOOK = PriceBook(CARDS)


def named(provider: str, model: str) -> list[PriceCard]:
    return [card for card in CARDS if (card.provider, card.model) == (provider, model)]


def test_ids_are_unique_and_the_same_every_time():
    ids = [card.id for card in CARDS]
    assert len(ids) == len(set(ids))
    assert ids == [card.id for card in seed_cards()]


@pytest.mark.parametrize("model", sorted({model for models in SEED_MODELS.values() for model in models}))
def test_every_model_that_the_seeds_name_has_an_operator_and_a_price(model: str):
    operator = provider_of_model(model)
    assert operator is not None
    card = BOOK.card_for(provider=operator.price_provider, model=model, organization_id=None, at=NOW)
    assert card is not None
    priced = price(card, usage_of(input=1_000_000, output=1_000_000), None)
    assert priced.amount > 0
    assert () == priced.unpriced_units


def test_every_card_compiles_and_only_free_ones_cost_nothing():
    for card in CARDS:
        compiled = compile_card(card)
        rates = [rate for bracket in compiled.standard.brackets for rate in bracket.atto.values()]
        assert card.free == (not any(rates)), card.id


def test_tiers_prices_and_windows_come_over():
    (card,) = named("anthropic", "claude-sonnet-4-5")
    assert Decimal(3) == card.rates[Unit.INPUT].price
    assert [(200_000, Decimal(6))] == [(tier.above, tier.price) for tier in card.rates[Unit.INPUT].tiers]
    assert (200_000, 64_000) == (card.context_window, card.max_output)
    assert Rate(Decimal(10_000)) == card.rates[Unit.WEB_SEARCH]


def test_the_first_price_of_a_list_covers_the_time_before():
    first, second = named("openai", "o3")
    assert (None, dt.date(2025, 6, 10)) == (first.active_from, second.active_from)
    assert (10, 2) == (first.rates[Unit.INPUT].price, second.rates[Unit.INPUT].price)


def test_a_price_for_a_time_of_day_begins_with_the_price_that_it_stands_behind():
    cards = named("deepseek", "deepseek-v4-flash")
    assert {dt.date(2026, 9, 10)} == {card.active_from for card in cards if card.daily_from}
    peak = BOOK.card_for(provider="deepseek", model="deepseek-v4-flash", organization_id=None, at=NOW.replace(hour=7))
    rest = BOOK.card_for(provider="deepseek", model="deepseek-v4-flash", organization_id=None, at=NOW)
    assert peak is not None
    assert rest is not None
    assert peak.standard.brackets[-1].atto[Unit.INPUT] == 2 * rest.standard.brackets[-1].atto[Unit.INPUT]


def test_service_tiers_and_batches_are_variants():
    (card,) = named("openai", "gpt-5")
    assert ["flex", "priority", "fast", "batch"] == [variant.service_tier for variant in card.variants]


def test_noise_of_binary_floats_is_cleaned():
    rates = [rate for card in CARDS for rate in card.rates.values()]
    assert all(rate.price == rate.price.quantize(Decimal("1e-12")) for rate in rates)


def test_models_without_any_figure_are_unpriced_unless_their_name_says_free():
    assert [] == named("openai", "gpt-live-transcribe")
    assert [True] == [card.free for card in named("openrouter", "meta-llama/llama-3.2-3b-instruct:free")]


def test_of_overlapping_patterns_the_first_in_the_list_wins():
    places = [card.priority for card in CARDS if card.provider == "openai"]
    assert sorted(places, reverse=True) == places


def test_googles_audio_on_openrouter_costs_what_google_takes():
    cards = named("openrouter", "google/gemini-2.5-flash")
    assert {Decimal(1)} == {card.rates[Unit.INPUT_AUDIO].price for card in cards}


def test_no_operator_lists_a_larger_window_than_the_family_has():
    listed = [card for card in seed_cards() if card.context_window is not None]
    larger = {
        (card.provider, card.model)
        for card in listed
        if (window := window_of(card.model)) is not None and window < (card.context_window or 0)
    }
    assert set() == larger
    assert 1_000 < sum(1 for card in listed if window_of(card.model) is not None)
