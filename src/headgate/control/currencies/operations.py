"""Writes: exchange rates are added, never edited and never deleted."""

import datetime as dt
from decimal import Decimal

from django.db import transaction

from headgate.control.budgets.queries import keys_with_converted_budgets
from headgate.control.currencies.models import ExchangeRate
from headgate.control.publication.operations import publish_key, publishing


def save_rate(rate: ExchangeRate) -> None:
    """Add and publish a rate. Windows that are open keep the rate that they were opened with.

    Raises:
        ValidationError: no positive rate, or no three capitals.
    """
    rate.full_clean()
    with transaction.atomic():
        with publishing():
            rate.save(force_insert=True)
        for key in keys_with_converted_budgets():
            publish_key(key)


def add_rate(currency: str, usd_rate: Decimal, *, active_from: dt.date, source: str) -> ExchangeRate:
    """Add what one unit of a currency is worth in USD from a UTC day on, and publish it.

    Raises:
        ValidationError: no positive rate, or no three capitals.
    """
    rate = ExchangeRate(currency=currency, usd_rate=usd_rate, active_from=active_from, source=source)
    save_rate(rate)
    return rate
