"""Pages: exchange rates. One can be added; none can be changed or deleted."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from headgate.control.currencies.models import ExchangeRate
from headgate.control.currencies.operations import save_rate
from headgate.control.currencies.queries import literal
from headgate.control.scoping import SuperusersOnly


@admin.register(ExchangeRate)
class ExchangeRateAdmin(SuperusersOnly):
    """What one unit of a currency is worth in USD, from a date on."""

    superusers_may = frozenset({"view", "add"})
    actions = None
    list_display = ("currency", "rate", "active_from", "source")
    list_filter = ("currency",)
    search_fields = ("currency", "source")
    fields = ("currency", "usd_rate", "active_from", "source")

    @display(description="USD per unit", ordering="usd_rate")
    def rate(self, row: ExchangeRate) -> str:
        """Return the rate without idle zeros."""
        return literal(row.usd_rate)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002
        """Add and publish."""
        save_rate(obj)
