from decimal import Decimal

import pytest

from headgate.control.budgets.levels import Level
from headgate.control.budgets.standing import Standing
from headgate.control.budgets.user_list import status_of
from headgate.control.pages.analytics.spend import percent_of, spend_bar
from headgate.control.pages.bars import colour_of
from headgate.domain.budget import Scope
from headgate.domain.money import NanoUsd

COLOURS = {"green": Level.OK, "yellow": Level.WARNING, "red": Level.EXCEEDED}
NONE = Standing(NanoUsd(0), NanoUsd(0), None, None, None, None)


def standing(spend: int, limit: int | None, *, held: int = 0, scope: Scope = Scope.USER) -> Standing:
    return Standing(NanoUsd(spend), NanoUsd(held), None if limit is None else NanoUsd(limit), scope, "b", None)


@pytest.mark.parametrize(
    ("spend", "held", "percent", "colour"),
    [
        (0, 0, Decimal("0.00"), "green"),
        (7_999_999, 0, Decimal("79.99"), "green"),
        (8_000_000, 0, Decimal("80.00"), "yellow"),
        (1_000_000, 7_000_000, Decimal("80.00"), "yellow"),
        (9_999_999, 0, Decimal("99.99"), "yellow"),
        (9_000_000, 1_000_000, Decimal("100.00"), "red"),
        (20_000_000, 0, Decimal("200.00"), "red"),
    ],
)
def test_bars_badges_and_filters_share_their_boundaries(spend: int, held: int, percent: Decimal, colour: str):
    daily = standing(spend, 10_000_000, held=held)
    assert percent == percent_of(daily)
    assert f"hg-{colour}" in spend_bar(daily)
    assert COLOURS[colour] is status_of(daily, NONE, refused=False)
    assert colour == colour_of(percent)


def test_of_a_limit_of_nothing_everything_is_all_of_it():
    assert Decimal(100) == percent_of(standing(0, 0))
    assert percent_of(standing(5, None)) is None


def test_a_bar_says_what_is_spent_and_held_and_of_what():
    daily = standing(4_000_000_000, 5_000_000_000, held=500_000_000)
    assert "$4.00 + $0.50 held, 90.00 % of $5.00" in spend_bar(daily)
    assert "$1.00, no limit" in spend_bar(standing(1_000_000_000, None))


def test_a_share_of_everybodys_limit_is_called_so_and_not_judged():
    month = standing(950, 1_000, scope=Scope.SYSTEM)
    shown = spend_bar(month)
    assert "95.00 % of everybody&#x27;s $0.000001" in shown
    assert "hg-share" in shown
    assert Level.OK is status_of(NONE, month, refused=False)


@pytest.mark.usefixtures("costs_hidden")
def test_amounts_are_left_out_where_costs_are_not_shown():
    assert "$" not in spend_bar(standing(4, 5)) + spend_bar(standing(4, 5, scope=Scope.SYSTEM))
    assert "80.00 %" in spend_bar(standing(4, 5))
