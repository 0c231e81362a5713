from headgate.domain.usage import Unit
from headgate.pricing.sim_cards import sim_cards
from headgate.simulator.models import MODELS


def test_the_simulated_models_have_cards():
    assert list(MODELS) == [card.model for card in sim_cards()]


def test_what_counts_other_things_has_a_rate_for_them():
    counted = {card.model: set(card.rates) for card in sim_cards() if card.rates and Unit.INPUT not in card.rates}
    assert {
        "rerank": {Unit.SEARCH_UNIT},
        "image": {Unit.IMAGE},
        "speech": {Unit.CHARACTER},
        "transcribe": {Unit.AUDIO_SECOND},
    } == counted


def test_fresh_cached_and_answered_tokens_cost_differently():
    for card in sim_cards():
        units = [unit for unit in (Unit.INPUT, Unit.CACHE_READ, Unit.CACHE_WRITE, Unit.OUTPUT) if unit in card.rates]
        assert len(units) == len({card.rates[unit].price for unit in units})


def test_their_output_is_bounded():
    assert all(card.max_output for card in sim_cards() if Unit.OUTPUT in card.rates)
