"""The newest requests as a table: time, model, tokens, cost, status, and where it says so what decided."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.admin.utils import quote
from django.urls import reverse

from headgate.control.display import OUTCOME_COLOURS, moment, tokens, usd, wording
from headgate.control.requestlog.models import RequestLog
from headgate.control.tracking import costs_shown

_BADGES = {"success": "hg-badge-green", "warning": "hg-badge-yellow", "danger": "hg-badge-red", "info": "hg-badge-blue"}


def recent_requests(rows: Iterable[RequestLog], *, decisions: bool) -> dict[str, Any]:
    """Return the table.

    Args:
        rows: the newest first.
        decisions: for administrators: verdicts and attempts, and links to the requests' own pages.
    """
    headers = ["Time (UTC)", "Model", "Tokens", *(["Cost"] if costs_shown() else []), "Status"]
    return {
        "headers": [*headers, *(["Policies", "Attempts"] if decisions else [])],
        "decisions": decisions,
        "costs": costs_shown(),
        "rows": [_row(row, decisions=decisions) for row in rows],
    }


def _row(row: RequestLog, *, decisions: bool) -> dict[str, Any]:
    nothing_sent = row.cost_nano is None and row.provider is None
    return {
        "time": moment(row.occurred_at),
        "href": reverse("admin:requestlog_requestlog_change", args=[quote(row.pk)]) if decisions else "",
        "model": wording(row.original_model),
        "tokens": tokens(row.total_tokens, row.prompt_tokens, row.completion_tokens, row.quantities),
        "cost": wording(None) if nothing_sent else usd(row.cost_nano),
        "status": wording(row.status),
        "outcome": row.outcome,
        "badge": _BADGES[OUTCOME_COLOURS[row.outcome]],
        "error": row.error or "",
        "message": row.message or "",
        "verdicts": [_verdict(each) for each in row.verdicts],
        "attempts": row.attempts,
    }


def _verdict(verdict: Mapping[str, Any]) -> dict[str, str]:
    blocks = verdict["effect"] == "blocked"
    return {
        "text": f"{verdict['policy']}: {verdict['rule']}",
        "said": "blocked" if blocks else "would block",
        "badge": "hg-badge-red" if blocks else "hg-badge-yellow",
        "reason": str(verdict["reason"]),
    }
