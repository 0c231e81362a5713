from decimal import Decimal

from headgate.domain.prices import Rate, Tier
from headgate.domain.usage import INPUT_UNITS, OUTPUT_UNITS, Unit
from headgate.pricing.rates import complete_rates

IN, OUT = Rate(Decimal(3)), Rate(Decimal(15))


def test_every_token_has_a_rate_as_soon_as_input_and_output_have():
    complete = complete_rates({Unit.INPUT: IN, Unit.OUTPUT: OUT})
    assert INPUT_UNITS | OUTPUT_UNITS == set(complete)
    assert {IN} == {complete[unit] for unit in INPUT_UNITS - {Unit.CACHE_WRITE_1H}}
    assert {OUT} == {complete[unit] for unit in OUTPUT_UNITS}


def test_an_hour_in_the_cache_costs_twice_the_input_with_its_tiers():
    complete = complete_rates({Unit.INPUT: Rate(Decimal(3), (Tier(200, Decimal(6)),))})
    assert Rate(Decimal(6), (Tier(200, Decimal(12)),)) == complete[Unit.CACHE_WRITE_1H]


def test_own_rates_are_kept():
    own = {Unit.INPUT: IN, Unit.CACHE_READ: Rate(Decimal("0.3")), Unit.CACHE_WRITE_1H: Rate(Decimal(7))}
    assert own.items() <= complete_rates(own).items()


def test_cached_audio_costs_what_audio_does_before_what_cached_text_does():
    audio = Rate(Decimal(40))
    complete = complete_rates({Unit.INPUT: IN, Unit.INPUT_AUDIO: audio, Unit.CACHE_READ: Rate(Decimal(1))})
    assert audio == complete[Unit.CACHE_READ_AUDIO]


def test_fees_have_no_stand_in():
    complete = complete_rates({Unit.INPUT: IN, Unit.OUTPUT: OUT})
    assert {Unit.REQUEST, Unit.WEB_SEARCH, Unit.FILE_SEARCH}.isdisjoint(complete)


def test_output_does_not_stand_in_for_input():
    assert set(complete_rates({Unit.OUTPUT: OUT})) == OUTPUT_UNITS
