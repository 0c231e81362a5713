import pytest

from headgate.domain.money import NanoUsd
from headgate.pricing.widening import (
    LARGEST_FACTOR_PPM,
    NOT_WIDENED,
    WideningTable,
    factor_of,
    narrowed,
    widened,
)
from headgate.snapshot.contract import Widening


def test_a_hold_grows_by_its_factor_rounded_up():
    assert 150 == widened(NanoUsd(100), 1_500_000)
    assert 2 == widened(NanoUsd(1), 1_010_000)
    assert 0 == widened(NanoUsd(0), 1_500_000)
    assert 101 == widened(NanoUsd(101), NOT_WIDENED)


@pytest.mark.parametrize("room", [0, 1, 7, 1_009, 10**18])
def test_what_is_narrowed_fits_once_it_is_widened(room: int):
    fits = narrowed(NanoUsd(room), 1_370_000)
    assert widened(fits, 1_370_000) <= room < widened(NanoUsd(fits + 1), 1_370_000)


def test_an_overrun_asks_for_the_next_whole_percent():
    assert 1_510_000 == factor_of(NanoUsd(1_501), NanoUsd(1_000))
    assert 1_500_000 == factor_of(NanoUsd(1_500), NanoUsd(1_000))
    assert 1_010_000 == factor_of(NanoUsd(10**12 + 1), NanoUsd(10**12))


def test_what_was_widened_already_counts():
    assert 2_400_000 == factor_of(NanoUsd(1_200), NanoUsd(1_000), held_at_ppm=2_000_000)


def test_a_factor_has_an_end():
    assert LARGEST_FACTOR_PPM == factor_of(NanoUsd(10**9), NanoUsd(1))


@pytest.mark.parametrize(("amount", "hold"), [(10, 10), (9, 10), (5, 0)])
def test_what_was_covered_or_never_held_asks_for_none(amount: int, hold: int):
    assert factor_of(NanoUsd(amount), NanoUsd(hold)) is None


def test_the_table_knows_operators_and_models():
    table = WideningTable([Widening("openai", "gpt-x", 1_200_000)])
    assert 1_200_000 == table.factor("openai", "gpt-x")
    assert NOT_WIDENED == table.factor("azure", "gpt-x")
    assert 120 == table.widened("openai", "gpt-x", NanoUsd(100))
    assert 100 == table.widened("openai", "gpt-y", NanoUsd(100))
