from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain.money import (
    ATTO_PER_NANO,
    LARGEST_NANO,
    ceil_to_nano,
    nano_to_usd,
    round_to_nano,
    usd_to_nano,
)

HALF = ATTO_PER_NANO // 2


@pytest.mark.parametrize(
    ("expected", "atto"),
    [
        (0, 0),
        (0, HALF - 1),
        (0, HALF),
        (1, HALF + 1),
        (1, ATTO_PER_NANO),
        (2, ATTO_PER_NANO + HALF),
        (2, 2 * ATTO_PER_NANO + HALF),
        (3, 2 * ATTO_PER_NANO + HALF + 1),
    ],
)
def test_a_half_is_rounded_to_even(expected: int, atto: int):
    assert expected == round_to_nano(atto)


@given(st.integers(0, 10**40))
def test_rounding_is_that_of_exact_fractions(atto: int):
    assert round(Fraction(atto, ATTO_PER_NANO)) == round_to_nano(atto)


@given(st.integers(0, 10**40))
def test_a_hold_is_never_below_the_settlement_and_at_most_one_above(atto: int):
    assert 0 <= ceil_to_nano(atto) - round_to_nano(atto) <= 1
    assert ceil_to_nano(atto) * ATTO_PER_NANO >= atto


@given(st.integers(-(2**63), 2**63))
def test_usd_and_nano_usd_are_the_same_amount(nano: int):
    assert nano == usd_to_nano(nano_to_usd(nano))


@pytest.mark.parametrize(
    ("expected", "nano"), [("0.000000001", 1), ("0.000140000", 140_000), ("12.000000000", 12 * 10**9)]
)
def test_usd_are_written_as_a_decimal_literal(expected: str, nano: int):
    assert expected == f"{nano_to_usd(nano):f}"


@pytest.mark.parametrize("amount", ["0.0000000001", "1.0000000005"])
def test_more_than_nine_decimals_are_refused(amount: str):
    with pytest.raises(ValueError, match="more than nine decimals"):
        usd_to_nano(Decimal(amount))


def test_trailing_zeros_are_no_decimals():
    assert 1_500_000_000 == usd_to_nano(Decimal("1.500000000000"))


def test_the_largest_amount_is_that_of_a_bigint():
    assert 2**63 - 1 == LARGEST_NANO
