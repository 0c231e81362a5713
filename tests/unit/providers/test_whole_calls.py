from headgate.providers.table import PROVIDERS
from headgate.providers.whole_calls import CALLS_COME_WHOLE


def test_they_are_operators_of_the_table():
    assert PROVIDERS.keys() >= CALLS_COME_WHOLE


def test_operators_whose_arguments_come_in_pieces_are_not_among_them():
    assert CALLS_COME_WHOLE.isdisjoint({"openai", "anthropic", "sim"})
