from decimal import Decimal

import pytest

from headgate.control.budgets.levels import Level, level_at, level_of


@pytest.mark.parametrize(
    ("used", "refused", "level"),
    [
        ([], False, Level.OK),
        ([], True, Level.EXCEEDED),
        ([(79, 100)], False, Level.OK),
        ([(79, 100)], True, Level.EXCEEDED),
        ([(80, 100)], False, Level.WARNING),
        ([(99, 100)], False, Level.WARNING),
        ([(100, 100)], False, Level.EXCEEDED),
        ([(0, 0)], False, Level.EXCEEDED),
        ([(1, 100), (80, 100)], False, Level.WARNING),
        ([(80, 100), (7, 6)], False, Level.EXCEEDED),
    ],
)
def test_the_level_of_amounts(used: list[tuple[int, int]], refused: bool, level: Level):
    assert level == level_of(iter(used), refused=refused)


@pytest.mark.parametrize(
    ("percent", "level"),
    [
        (0, Level.OK),
        (Decimal("79.99"), Level.OK),
        (80, Level.WARNING),
        (Decimal("99.99"), Level.WARNING),
        (100, Level.EXCEEDED),
        (250, Level.EXCEEDED),
    ],
)
def test_the_level_of_a_share(percent: Decimal | int, level: Level):
    assert level == level_at(percent)
