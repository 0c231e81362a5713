from headgate.providers.surcharges import Surcharge, surcharge_of


def test_an_operator_without_a_row_has_the_default():
    assert Surcharge() == surcharge_of("together")


def test_anthropics_tools_cost_more_than_its_published_preamble():
    assert surcharge_of("anthropic").tools > 735 + 700


def test_the_simulator_adds_nothing():
    assert (0, 0) == surcharge_of("sim")
