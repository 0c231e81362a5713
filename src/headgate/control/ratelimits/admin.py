"""Pages: rate limits."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from headgate.control.display import wording
from headgate.control.filters import OrganizationFilter
from headgate.control.ratelimits.checks import LIMITS
from headgate.control.ratelimits.forms import RateLimitForm
from headgate.control.ratelimits.models import RateLimit
from headgate.control.ratelimits.operations import delete_rate_limits, save_rate_limit
from headgate.control.scoping import Scoped


@admin.register(RateLimit)
class RateLimitAdmin(Scoped):
    """Rate limits. An organization sets its own; those of the installation are the operator's, and hold beside them."""

    form = RateLimitForm
    list_display = ("name", "owner", "counted", "requests", "tokens", "at_once")
    list_select_related = ("organization",)
    list_filter = (OrganizationFilter, "scope")
    search_fields = ("name", "subject")
    fieldsets = (
        (None, {"fields": ("organization", "name")}),
        ("Who is counted", {"fields": ("scope", "subject")}),
        ("How much", {"fields": LIMITS}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        """Keep a limit where it is."""
        return ("organization",) if obj else ()

    @display(description="Organization", ordering="organization__name")
    def owner(self, limit: RateLimit) -> str:
        """Return where it holds."""
        return str(limit.organization or "every organization")

    @display(description="Counted")
    def counted(self, limit: RateLimit) -> str:
        """Return who is counted."""
        scope = limit.get_scope_display().lower()
        return f"{scope} {limit.subject}" if limit.subject else f"each {scope}"

    @display(description="Requests per minute", ordering="requests_per_minute")
    def requests(self, limit: RateLimit) -> str:
        """Return the limit, or a dash."""
        return _figure(limit.requests_per_minute)

    @display(description="Tokens per minute", ordering="tokens_per_minute")
    def tokens(self, limit: RateLimit) -> str:
        """Return the limit, or a dash."""
        return _figure(limit.tokens_per_minute)

    @display(description="Requests at once", ordering="concurrency")
    def at_once(self, limit: RateLimit) -> str:
        """Return the limit, or a dash."""
        return _figure(limit.concurrency)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002
        """Write and publish."""
        save_rate_limit(obj)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:  # noqa: ARG002
        """Delete and publish."""
        delete_rate_limits([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:  # noqa: ARG002
        """Delete and publish, once."""
        delete_rate_limits(queryset)


def _figure(limit: int | None) -> str:
    return wording(None if limit is None else f"{limit:,}")
