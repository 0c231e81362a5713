from decimal import Decimal

import pytest

from headgate.control.pages.bars import bar, colour_of


@pytest.mark.parametrize(
    ("percent", "colour"),
    [
        (Decimal(0), "green"),
        (Decimal("79.99"), "green"),
        (Decimal(80), "yellow"),
        (Decimal("99.99"), "yellow"),
        (Decimal(100), "red"),
        (250, "red"),
    ],
)
def test_the_colour_changes_at_80_and_at_100_per_cent(percent: Decimal, colour: str):
    assert colour == colour_of(percent)
    assert f"hg-{colour}" in bar(percent, "x")


def test_a_bar_is_full_at_most_and_says_its_figures_in_words():
    shown = bar(Decimal(250), "<$5.00 of $2.00>")
    assert 'value="100"' in shown
    assert 'data-percent="250"' in shown
    assert 2 == shown.count("&lt;$5.00 of $2.00&gt;")
