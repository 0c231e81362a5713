"""Pages: the request log."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from headgate.control.display import OUTCOME_COLOURS, link, milliseconds, moment, tokens, usd, wording
from headgate.control.filters import ModelFilter, OrganizationFilter, ProviderFilter, TimeFilter
from headgate.control.keys.models import VirtualKey
from headgate.control.requestlog.attempts import attempts_table
from headgate.control.requestlog.content import NOTHING, texts_of
from headgate.control.requestlog.long_lists import LongList
from headgate.control.requestlog.models import RequestLog
from headgate.control.requestlog.queries import cost_events_of
from headgate.control.tracking import costs_shown
from headgate.domain.usage import Unit

_UNITS = [unit.value for unit in Unit]  # Postgres does not keep the order in which a row was written


class DimensionsAdmin(LongList):
    """What the pages of requests and of cost events have in common."""

    list_filter_submit = True
    list_filter = (
        ("outcome", ChoicesDropdownFilter),
        ProviderFilter,
        ModelFilter,
        OrganizationFilter,
        ("occurred_at", TimeFilter),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Fetch organizations and keys beside the rows, not joined: a row stays visible when they are gone."""
        return super().get_queryset(request).prefetch_related("organization", "key")

    @display(description="Time (UTC)", ordering="occurred_at")
    def time(self, row: Any) -> str:
        """Return when it happened."""
        return moment(row.occurred_at)

    @display(description="Tokens", ordering="total_tokens")
    def tokens(self, row: Any) -> str:
        """Return all tokens, and input and output apart."""
        return tokens(row.total_tokens, row.prompt_tokens, row.completion_tokens, row.quantities)

    @display(description="Outcome", label=OUTCOME_COLOURS)
    def ended(self, row: Any) -> str:
        """Return how it ended."""
        return str(row.outcome)

    @display(description="Organization")
    def payer(self, row: Any) -> str:
        """Return who pays, by name where the name is known."""
        return str(_named(row, "organization"))

    @display(description="Virtual key")
    def shown_key(self, row: Any) -> str:
        """Return the key, by name where the name is known."""
        key = _named(row, "key")
        return key.name if isinstance(key, VirtualKey) else str(key)

    @display(description="Usage")
    def usage(self, row: Any) -> str:
        """Return every unit with its quantity."""
        counted: dict[str, int] = row.quantities or {}
        return ", ".join(f"{unit} {counted[unit]:,}" for unit in _UNITS if unit in counted) or "not reported"


@admin.register(RequestLog)
class RequestLogAdmin(DimensionsAdmin):
    """Requests, newest first."""

    list_display = ("time", "asked", "provider_name", "tokens", "cost", "http_status", "latency", "ended")
    search_fields = ("request_id__exact",)
    counted = "requests"
    costs = frozenset({"cost"})
    change_form_after_template = "admin/requestlog_tables.html"  # type: ignore[assignment]  # the base says None
    fieldsets = (
        (None, {"fields": ("request_id", "time", "ended", "http_status", "error", "message")}),
        (
            "Model",
            {
                "fields": (
                    "endpoint",
                    "original_model",
                    "response_model",
                    "provider_name",
                    "route_taken",
                    "attempts",
                    "stream",
                )
            },
        ),
        ("Cost", {"fields": ("cost", "tokens", "usage")}),
        ("Decisions", {"fields": ("objections", "degraded", "clamped")}),
        ("Time", {"fields": ("latency", "upstream", "first_content", "client_gone")}),
        (
            "Charged to",
            {
                "fields": (
                    "payer",
                    "shown_key",
                    "end_user",
                    "team",
                    "project",
                    "app",
                    "client",
                    "agent",
                    "task",
                    "prompt_hash",
                )
            },
        ),
    )
    readonly_fields = (
        "time",
        "ended",
        "http_status",
        "provider_name",
        "route_taken",
        "cost",
        "tokens",
        "usage",
        "objections",
        "degraded",
        "clamped",
        "latency",
        "upstream",
        "first_content",
        "payer",
        "shown_key",
        "prompt_hash",
    )

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Show the request with its cost events."""
        request_id = unquote(object_id)
        row = self.get_object(request, request_id)
        shown = {"tables": _tables(row), "texts": _texts(row)} if isinstance(row, RequestLog) else {}
        context = {**(extra_context or {}), **shown}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @display(description="Model", ordering="original_model")
    def asked(self, row: RequestLog) -> str:
        """Return the model as the caller wrote it."""
        return wording(row.original_model)

    @display(description="Provider", ordering="provider")
    def provider_name(self, row: RequestLog) -> str:
        """Return the operator that answered."""
        return wording(row.provider)

    @display(description="Route")
    def route_taken(self, row: RequestLog) -> str:
        """Return the route and the arm of it, where the caller named one."""
        return wording(row.route) if row.arm is None else f"{row.route}, arm {row.arm}"

    @display(description="Cost", ordering="cost_nano")
    def cost(self, row: RequestLog) -> str:
        """Return what all attempts of the request cost, exactly."""
        nothing_sent = row.cost_nano is None and row.provider is None
        return wording(None) if nothing_sent else usd(row.cost_nano)

    @display(description="Status", ordering="status")
    def http_status(self, row: RequestLog) -> str:
        """Return the HTTP status that the client got."""
        return wording(row.status)

    @display(description="Prompt SHA-256")
    def prompt_hash(self, row: RequestLog) -> str | SafeString:
        """Return the hash, which may be broken into lines on a phone."""
        digest = row.prompt_sha256
        parts = [(digest[start : start + 16],) for start in range(0, len(digest), 16)]
        return format_html_join(mark_safe("<wbr>"), "{}", parts) or wording(None)

    @display(description="Objections")
    def objections(self, row: RequestLog) -> str | SafeString:
        """Return what was said against it: who, by which rule, whether it counted, and why."""
        lines = [(v["effect"], v["policy"], v["rule"], v["reason"]) for v in row.verdicts]
        return format_html_join(mark_safe("<br>"), "{}: {} ({}). {}", lines) or wording(None)

    @display(description="Degraded to")
    def degraded(self, row: RequestLog) -> str:
        """Return the open model that was called instead of the one that was asked for."""
        return wording(row.degraded_to)

    @display(description="Output limit lowered to")
    def clamped(self, row: RequestLog) -> str:
        """Return the output limit that was sent where a budget lowered it."""
        return wording(row.clamped_to)

    @display(description="Latency", ordering="latency_ms")
    def latency(self, row: RequestLog) -> str:
        """Return the time from the first byte in to the last byte out."""
        return milliseconds(row.latency_ms)

    @display(description="Waiting for the provider")
    def upstream(self, row: RequestLog) -> str:
        """Return the provider's share."""
        return milliseconds(row.upstream_ms)

    @display(description="First content of the stream")
    def first_content(self, row: RequestLog) -> str:
        """Return the time until something could be read."""
        return milliseconds(row.first_content_ms)


def _tables(row: RequestLog) -> list[dict[str, Any]]:
    events = [event_row(event) for event in cost_events_of(row.request_id)]
    tables = [{"title": "Cost events", "table": {"headers": event_headers(), "rows": events}}]
    if row.tries:
        tables.insert(0, {"title": "Attempts", "table": attempts_table(row.tries)})
    return tables


def _texts(row: RequestLog) -> list[dict[str, str]]:
    """Return what was asked and answered, where the organization keeps it."""
    texts = texts_of([row.request_id]).get(row.request_id, NOTHING)
    titled = (("Request", texts.request), ("Answer", texts.answer))
    return [{"title": title, "text": text} for title, text in titled if text is not None]


def event_headers() -> list[str]:
    """Return what the columns of `event_row` are called."""
    return ["Attempt", "Provider", "Model sent", "Outcome", *(["Amount"] if costs_shown() else []), "Card"]


def event_row(event: Any) -> list[str | SafeString]:
    """Return a cost event as a row of the request's page."""
    return [
        link(event, event.attempt),
        event.provider,
        event.request_model,
        event.outcome + (" (estimated)" if event.estimated else ""),
        *([usd(event.amount_nano)] if costs_shown() else []),
        wording(event.card_id),
    ]


def _named(row: Any, relation: str) -> Any:
    try:
        return getattr(row, relation)
    except ObjectDoesNotExist:
        return getattr(row, f"{relation}_id")
