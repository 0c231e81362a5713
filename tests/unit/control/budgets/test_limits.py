from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from headgate.control.budgets.limits import checked_limit, limits

ONE = Decimal(1)


@pytest.mark.parametrize(
    ("expected", "unit", "limit", "rate", "multiplier"),
    [
        ((1_000_000_000_000, 1_000_000_000_000), "money", "1000", "1", "1"),
        ((1_040_000_000, 2_080_000_000), "money", "1", "1.04", "2"),
        # Down, never up: a third of a nano-USD is not there to be spent.
        ((0, 0), "money", "0.000000001", "0.333333333", "2"),
        ((1, 1), "money", "0.000000003", "0.5", "1.5"),
        ((7, 10), "tokens", "7", "1.04", "1.5"),
        ((0, 0), "requests", "0", "1", "2"),
    ],
)
def test_a_limit_is_rounded_down_once(expected, unit: str, limit: str, rate: str, multiplier: str):
    assert expected == limits(unit, Decimal(limit), usd_rate=Decimal(rate), multiplier=Decimal(multiplier))


@pytest.mark.parametrize(
    ("unit", "limit", "says"),
    [
        ("money", "-0.01", "0 or more"),
        ("money", "NaN", "a number"),
        ("money", "Infinity", "a number"),
        ("money", "0.0000000001", "9 decimals"),
        ("money", "1234567.123456789", "15 digits"),
        ("money", "1e999999999", "Too large"),
        ("money", "5000000000", "Too large"),
        ("tokens", "1.5", "whole number of tokens"),
        ("requests", "9e18", "Too large"),
    ],
)
def test_an_absurd_limit_is_refused_with_a_remedy(unit: str, limit: str, says: str):
    with pytest.raises(ValidationError, match=says) as refusal:
        checked_limit(unit, Decimal(limit), usd_rate=ONE)
    assert ["limit"] == list(refusal.value.message_dict)


def test_the_soft_multiplier_counts_for_what_is_too_large():
    assert checked_limit("money", Decimal(4_000_000_000), usd_rate=ONE)
    with pytest.raises(ValidationError, match="soft multiplier included"):
        checked_limit("money", Decimal(4_000_000_000), usd_rate=ONE, multiplier=Decimal(2))


@given(
    nano=st.integers(0, 10**15),
    rate=st.decimals("0.000001", "1000", places=6),
    multiplier=st.decimals(1, 1000, places=6),
)
def test_a_limit_is_never_more_than_what_was_written(nano: int, rate: Decimal, multiplier: Decimal):
    found = limits("money", Decimal(nano).scaleb(-9), usd_rate=rate, multiplier=multiplier)
    assert found.limit <= nano * rate < found.limit + 1
    assert found.limit <= found.hard <= found.limit * multiplier
