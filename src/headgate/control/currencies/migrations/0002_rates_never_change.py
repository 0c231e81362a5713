"""Rates are immutable. A new installation knows a few round figures, dated and named as such."""

import datetime as dt
from decimal import Decimal

from django.db import migrations

from headgate.control.immutability import allow_updates, refuse_updates

TABLE = "headgate_exchange_rate"
COLUMNS = ("currency", "usd_rate", "active_from", "source")
AS_OF = dt.date(2025, 1, 1)
SOURCE = "first-install default: rounded figure of January 2025, add today's rate"
DEFAULTS = {
    "AUD": "0.62",
    "CAD": "0.7",
    "CHF": "1.1",
    "CNY": "0.137",
    "EUR": "1.04",
    "GBP": "1.25",
    "INR": "0.0117",
    "JPY": "0.0064",
}


def add_defaults(apps, schema_editor):
    rates = apps.get_model("currencies", "ExchangeRate")
    rates.objects.bulk_create(
        rates(currency=currency, usd_rate=Decimal(rate), active_from=AS_OF, source=SOURCE)
        for currency, rate in DEFAULTS.items()
    )


class Migration(migrations.Migration):
    dependencies = [("currencies", "0001_initial")]
    operations = [
        migrations.RunPython(add_defaults, migrations.RunPython.noop),
        migrations.RunPython(refuse_updates(TABLE, COLUMNS), allow_updates(TABLE)),
    ]
