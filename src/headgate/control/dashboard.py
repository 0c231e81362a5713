"""The first page of the admin: the last day in figures, and the newest requests."""

import datetime as dt
from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from unfold.utils import display_for_label

from headgate.control.display import OUTCOME_COLOURS, link, milliseconds, moment, tokens, usd, wording
from headgate.control.organizations.models import User
from headgate.control.requestlog.models import RequestLog
from headgate.control.requestlog.queries import summary_since, visible_requests
from headgate.control.tracking import costs_shown

NEWEST = 10


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the last 24 hours of the user's organizations to the page's context."""
    user = cast("User", request.user)
    summary = summary_since(timezone.now() - dt.timedelta(hours=24), user=user)
    newest = visible_requests(user)[:NEWEST]
    requests = reverse("admin:requestlog_requestlog_changelist")
    events = reverse("admin:ledger_costevent_changelist")
    context["figures"] = [
        {"title": "Requests", "value": f"{summary.requests:,}", "href": requests},
        *([{"title": "Cost", "value": usd(summary.cost), "href": events}] if costs_shown() else []),
        {"title": "Tokens", "value": f"{summary.tokens:,}", "href": events},
        {"title": "Failed requests", "value": f"{summary.failed:,}", "href": requests},
    ]
    context["unpriced"] = summary.unpriced if costs_shown() else 0
    context["newest"] = {"headers": _headers(), "rows": [_row(row) for row in newest]}
    return context


def _headers() -> list[str]:
    return ["Time (UTC)", "Model", "Tokens", *(["Cost"] if costs_shown() else []), "Latency", "Outcome"]


def _row(row: RequestLog) -> list[str]:
    nothing_sent = row.cost_nano is None and row.provider is None
    return [
        link(row, moment(row.occurred_at)),
        wording(row.original_model),
        tokens(row.total_tokens, row.prompt_tokens, row.completion_tokens, row.quantities),
        *([wording(None) if nothing_sent else usd(row.cost_nano)] if costs_shown() else []),
        milliseconds(row.latency_ms),
        display_for_label(row.outcome, "", OUTCOME_COLOURS),
    ]
