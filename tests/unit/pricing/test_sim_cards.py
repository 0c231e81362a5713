from headgate.domain.usage import Unit
from headgate.pricing.sim_cards import sim_cards


def test_the_simulated_models_have_cards():
    assert ["echo", "small", "large", "reasoner", "open", "embed"] == [card.model for card in sim_cards()]


def test_fresh_cached_and_answered_tokens_cost_differently():
    for card in sim_cards():
        units = [unit for unit in (Unit.INPUT, Unit.CACHE_READ, Unit.CACHE_WRITE, Unit.OUTPUT) if unit in card.rates]
        assert len(units) == len({card.rates[unit].price for unit in units})


def test_their_output_is_bounded():
    assert all(card.max_output for card in sim_cards() if Unit.OUTPUT in card.rates)
