from headgate.pipeline.tariff import FREE_ENDPOINT, Tariff
from headgate.pricing.compiled import compile_card
from tests.kit.fakes import price_card


def test_a_cost_event_names_the_card_the_free_endpoint_or_nothing():
    card = compile_card(price_card("openai", "gpt-4o"))
    assert "openai/gpt-4o@always#1" == Tariff(card=card, hold=5).card_id
    assert FREE_ENDPOINT == Tariff(card=None, hold=0, free=True).card_id
    assert Tariff(card=None, hold=None).card_id is None
