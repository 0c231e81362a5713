from decimal import Decimal

import pytest

from headgate.control.budgets.display import GREEN, RED, YELLOW, amount, bar, colour, limit_of, share
from headgate.control.budgets.models import Budget, Window


def test_an_amount_is_exact_in_its_unit():
    assert ["$0.000000001", "1,200 tokens"] == [amount("money", 1), amount("tokens", 1200)]
    assert ["-$2.50", "-3 requests"] == [amount("money", -2_500_000_000), amount("requests", -3)]


@pytest.mark.parametrize(
    ("expected", "unit", "limit"), [("2.5 EUR", "money", "2.500000000"), ("1,000 requests", "requests", "1000")]
)
def test_a_limit_reads_as_it_was_set(expected: str, unit: str, limit: str):
    assert expected == limit_of(Budget(unit=unit, limit=Decimal(limit), currency="EUR"))


def test_shares_are_rounded_down_so_that_only_all_is_all():
    assert [0, 79, 99, 100, 101, 100] == [share(n, 1000) for n in (9, 799, 999, 1000, 1019)] + [share(0, 0)]


def test_colours_change_at_80_and_at_100():
    assert [GREEN, YELLOW, YELLOW, RED, RED] == [colour(percent) for percent in (79, 80, 99, 100, 250)]


@pytest.mark.parametrize(
    ("spent", "held", "widths"),
    [(0, 0, (0, 0)), (40, 10, (40, 10)), (90, 30, (90, 10)), (250, 50, (100, 0))],
)
def test_a_bar_never_leaves_its_box(spent: int, held: int, widths: tuple[int, int]):
    drawn = bar(Window(unit="requests", spent=spent, leased=held, limit_amount=100))
    assert all(f"width:{width}%" in drawn for width in widths)
    assert f"{spent + held} %: {spent} requests spent, {held} requests held" in drawn


def test_a_budget_nobody_used_has_no_bar():
    assert "-" == bar(None)
