"""Pages: cost events."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from headgate.control.display import link, moment, usd, wording
from headgate.control.ledger.models import CostEvent
from headgate.control.requestlog.admin import DimensionsAdmin
from headgate.control.requestlog.models import RequestLog
from headgate.control.requestlog.queries import ids_of

_CHARGED_TO = ("payer", "shown_key", "end_user", "team", "project", "app", "client", "agent", "task")


@admin.register(CostEvent)
class CostEventAdmin(DimensionsAdmin):
    """Cost events, newest first: one attempt's usage x card = amount."""

    list_display = (
        "time",
        "original_model",
        "provider",
        "tokens",
        "amount",
        "ended",
        "payer",
        "shown_key",
        "team",
        "project",
        "app",
        "client",
        "end_user",
    )
    search_fields = ("request_id__exact",)
    counted = "attempts"
    costs = frozenset({"amount", "hold", "missing_rates", "says_provider"})
    fieldsets = (
        (None, {"fields": ("event_id", "of_request", "attempt", "time", "settled", "ended", "status", "error")}),
        ("Amount", {"fields": ("amount", "hold", "estimated", "card_id", "missing_rates", "says_provider", "usage")}),
        (
            "Model",
            {
                "fields": (
                    "endpoint",
                    "provider",
                    "deployment_id",
                    "original_model",
                    "request_model",
                    "response_model",
                    "service_tier",
                    "upstream_request_id",
                    "stream",
                )
            },
        ),
        ("Charged to", {"fields": _CHARGED_TO}),
    )
    readonly_fields = (
        "of_request",
        "time",
        "settled",
        "ended",
        "amount",
        "hold",
        "missing_rates",
        "says_provider",
        "usage",
        "payer",
        "shown_key",
    )

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Find the events of a request by their ids, for which there is an index."""
        found, _ = super().get_search_results(request, queryset, search_term)
        term = search_term.strip()
        return (found.filter(**ids_of(term)) if term else found), False

    @display(description="Amount", ordering="amount_nano")
    def amount(self, event: CostEvent) -> str:
        """Return what was booked, exactly, and whether it is a guess."""
        return usd(event.amount_nano) + (" estimated" if event.estimated else "")

    @display(description="Held")
    def hold(self, event: CostEvent) -> str:
        """Return the upper bound that was set aside."""
        return usd(event.hold_nano)

    @display(description="Settled (UTC)")
    def settled(self, event: CostEvent) -> str:
        """Return when it was settled."""
        return moment(event.settled_at)

    @display(description="Units without a rate")
    def missing_rates(self, event: CostEvent) -> str:
        """Return what the amount leaves out."""
        return ", ".join(event.unpriced_units) or wording(None)

    @display(description="The provider says (USD)")
    def says_provider(self, event: CostEvent) -> str:
        """Return the provider's own figure."""
        return wording(event.reported_cost)

    @display(description="Request")
    def of_request(self, event: CostEvent) -> SafeString:
        """Link to the request."""
        return link(RequestLog(pk=event.request_id), event.request_id)
