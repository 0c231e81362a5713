import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from headgate.control.currencies.operations import add_rate
from headgate.control.currencies.queries import convert, literal, published_rates, rates_in_force, usd_rate

pytestmark = pytest.mark.django_db
NEW_YEAR = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def test_a_new_installation_knows_a_few_currencies():
    assert {"USD": Decimal(1), "EUR": Decimal("1.04"), "GBP": Decimal("1.25")}.items() <= rates_in_force(
        dt.date(2026, 1, 1)
    ).items()


def test_the_newest_rate_that_has_begun_is_in_force():
    for day, rate in ((10, "1.1"), (20, "1.2")):
        add_rate("EUR", Decimal(rate), active_from=dt.date(2025, 3, day), source="test")
    days = (dt.date(2025, 3, 9), dt.date(2025, 3, 10), dt.date(2025, 3, 19), dt.date(2025, 3, 20))
    assert ["1.04", "1.1", "1.1", "1.2"] == [literal(usd_rate("EUR", on=day)) for day in days]


def test_of_two_rates_of_one_day_the_later_entry_wins():
    for rate in ("1.1", "1.3"):
        add_rate("EUR", Decimal(rate), active_from=dt.date(2025, 3, 10), source="test")
    assert Decimal("1.3") == usd_rate("EUR", on=dt.date(2025, 3, 10))


def test_before_its_first_rate_a_currency_is_worth_what_that_says():
    assert Decimal("1.04") == usd_rate("EUR", on=dt.date(1999, 1, 1))


def test_an_unknown_currency_lists_the_known_ones():
    with pytest.raises(ValidationError, match=r"'ZZZ'.*EUR, GBP.*USD.*Add its exchange rate"):
        usd_rate("ZZZ", on=dt.date(2026, 1, 1))


@pytest.mark.parametrize(
    ("expected", "nano", "currency"),
    [
        ("1", 1_040_000_000, "EUR"),
        ("0.000000001", 1, "EUR"),
        ("0.961538462", 10**9, "EUR"),
        ("0.000000002", 2, "GBP"),
        ("-0.8", -(10**9), "GBP"),
        ("1.5", 1_500_000_000, "USD"),
    ],
)
def test_an_amount_is_converted_exactly_and_rounded_once(expected: str, nano: int, currency: str):
    assert Decimal(expected) == convert(nano, currency, at=NEW_YEAR)


def test_the_rates_of_the_day_are_published_without_usd():
    published = {rate.currency: rate.usd_rate for rate in published_rates(NEW_YEAR)}
    assert ("1.04", "0.0064", False) == (published["EUR"], published["JPY"], "USD" in published)


@pytest.mark.parametrize(("expected", "rate"), [("1", "1.000000000"), ("1.04", "1.040"), ("100", "100"), ("0", "0.00")])
def test_a_rate_is_written_without_idle_zeros(expected: str, rate: str):
    assert expected == literal(Decimal(rate))
