"""What the page of a budget shows below its form: windows and adjustments, the newest of each."""

from typing import Any

from headgate.control.budgets.display import amount, bar
from headgate.control.budgets.models import Budget
from headgate.control.display import link, moment

SHOWN = 50


def tables_of(budget: Any) -> tuple[dict[str, Any], ...]:
    """Return both tables of a budget."""
    return windows_table(budget), entries_table(budget)


def windows_table(budget: Budget) -> dict[str, Any]:
    """Return the newest windows of a budget."""
    windows = budget.windows.order_by("-starts_at", "-epoch", "-spent", "pk")[: SHOWN + 1]
    rows = [
        [
            link(row, row.label),
            row.subject or "everybody",
            str(row.epoch),
            bar(row),
            amount(row.unit, row.limit_amount),
            amount(row.unit, row.overrun),
        ]
        for row in windows
    ]
    headers = ["Period", "Whose", "Epoch", "Used", "Limit", "Overrun"]
    return _table("Windows", headers, rows)


def entries_table(budget: Budget) -> dict[str, Any]:
    """Return the newest adjustments of a budget."""
    entries = budget.adjustments.order_by("-created_at", "pk")[: SHOWN + 1]
    rows = [
        [moment(row.created_at), row.kind, amount(row.unit, row.amount), row.reason, row.actor, row.window_id]
        for row in entries
    ]
    headers = ["Time (UTC)", "Kind", "Change of what is spent", "Reason", "By", "Window"]
    return _table("Adjustments", headers, rows)


def _table(title: str, headers: list[str], rows: list[list[Any]]) -> dict[str, Any]:
    return {
        "title": title,
        "more": len(rows) > SHOWN,
        "shown": SHOWN,
        "table": {"headers": headers, "rows": rows[:SHOWN]},
    }
