"""What a person sees of himself: where he belongs and what he has spent."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from headgate.control.display import usd
from headgate.control.pages.organizations import choices, chosen
from headgate.control.pages.shell import page_of, show, signed_in
from headgate.control.rollups.figures import Figures
from headgate.control.rollups.queries import Seen, Span, totals
from headgate.control.tracking import costs_shown

DAYS = 30


@page_of
def account(request: HttpRequest) -> HttpResponse:
    """Show the person's own figures in the organization that he works in."""
    organization = chosen(request)
    figures = None
    if organization is not None:
        seen = Seen(frozenset({str(organization.pk)}), signed_in(request).username)
        figures = totals(seen, Span.last_days(DAYS, timezone.now()))
    context = {
        "organization": organization,
        "organizations": choices(request),
        "cards": [] if figures is None else _cards(figures),
    }
    return show(request, "headgate/account.html", "My account", context)


def _cards(figures: Figures) -> list[dict[str, str]]:
    cost = [{"title": f"Cost in {DAYS} days", "value": usd(figures.amount_nano)}] if costs_shown() else []
    return [
        *cost,
        {"title": "Requests", "value": f"{figures.requests:,}"},
        {"title": "Tokens", "value": f"{figures.total_tokens:,}"},
        {"title": "Failed requests", "value": f"{figures.errors:,}"},
    ]
