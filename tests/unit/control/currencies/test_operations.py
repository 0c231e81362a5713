import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from headgate.control.currencies.models import ExchangeRate
from headgate.control.currencies.operations import add_rate
from headgate.control.publication.models import Snapshot
from headgate.snapshot.contract import decode_snapshot

pytestmark = pytest.mark.django_db
DAY = dt.date(2025, 6, 1)


def test_a_rate_is_added_and_published():
    before = ExchangeRate.objects.count()
    add_rate("SEK", Decimal("0.105"), active_from=DAY, source="central bank")
    rates = decode_snapshot(bytes(Snapshot.objects.latest("revision").payload)).exchange_rates
    assert ("0.105", before + 1) == (dict(rates_of(rates))["SEK"], ExchangeRate.objects.count())


def rates_of(rates) -> list[tuple[str, str]]:
    return [(rate.currency, rate.usd_rate) for rate in rates]


@pytest.mark.parametrize(
    ("currency", "rate"),
    [("eur", "1"), ("EURO", "1"), ("EUR", "0"), ("EUR", "-1"), ("EUR", "NaN"), ("EUR", "0.0000000001"), ("USD", "2")],
)
def test_a_rate_that_cannot_be_is_refused(currency: str, rate: str):
    with pytest.raises(ValidationError):
        add_rate(currency, Decimal(rate), active_from=DAY, source="test")
    assert 0 == Snapshot.objects.count()


def test_the_database_refuses_to_change_a_rate():
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
        ExchangeRate.objects.filter(currency="EUR").update(usd_rate=2)
    assert Decimal("1.04") == ExchangeRate.objects.get(currency="EUR").usd_rate


def test_the_defaults_say_what_they_are():
    assert {"first-install default: rounded figure of January 2025, add today's rate"} == set(
        ExchangeRate.objects.values_list("source", flat=True)
    )
