"""Reads: what a currency is worth on a day."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from django.core.exceptions import ValidationError

from headgate.control.currencies.models import ExchangeRate
from headgate.domain.money import NanoUsd, nano_to_usd
from headgate.snapshot import contract

USD = "USD"


def rates_in_force(on: dt.date) -> dict[str, Decimal]:
    """Return USD per unit of every known currency on a UTC day, USD included; in the order of their names.

    Before its first rate a currency is worth what that rate says.
    """
    found: dict[str, Decimal] = {}
    rows = ExchangeRate.objects.order_by("currency", "active_from", "created_at", "pk")
    for currency, rate, active_from in rows.values_list("currency", "usd_rate", "active_from"):
        if active_from <= on or currency not in found:
            found[currency] = rate
    return dict(sorted({**found, USD: Decimal(1)}.items()))


def usd_rate(currency: str, *, on: dt.date) -> Decimal:
    """Return USD per unit of a currency on a UTC day.

    Raises:
        ValidationError: unknown, with the list of those that are known.
    """
    known = rates_in_force(on)
    if currency not in known:
        message = f"{currency!r} is no known currency; known are {', '.join(known)}. Add its exchange rate first."
        raise ValidationError({"currency": message})
    return known[currency]


def convert(nano: NanoUsd, currency: str, *, at: dt.datetime) -> Decimal:
    """Return an amount in a currency at the rate of a moment, to nine decimals, half to even.

    Raises:
        ValidationError: unknown currency.
    """
    return in_currency(nano, usd_rate(currency, on=at.astimezone(dt.UTC).date()))


def in_currency(nano: NanoUsd, rate: Decimal) -> Decimal:
    """Return an amount at a rate (USD per unit), to nine decimals, half to even."""
    return nano_to_usd(NanoUsd(round(Fraction(nano) / Fraction(rate))))


def published_rates(now: dt.datetime) -> tuple[contract.ExchangeRate, ...]:
    """Return the rates of the UTC day of a moment, but for USD."""
    rates = rates_in_force(now.astimezone(dt.UTC).date())
    return tuple(
        contract.ExchangeRate(currency=currency, usd_rate=literal(rate))
        for currency, rate in rates.items()
        if currency != USD
    )


def literal(rate: Decimal) -> str:
    """Return a rate as the contract writes it: `1`, `1.04`."""
    whole, _, decimals = f"{rate:f}".partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole
