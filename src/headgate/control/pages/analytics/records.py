"""Requests as a table: who asked what, what it cost, how it ended, and where its trace is."""

from collections.abc import Sequence

from headgate.control.display import milliseconds, moment, usd, wording
from headgate.control.pages.analytics.filters import Filters
from headgate.control.pages.analytics.people import page_of_request, page_of_user, people_of
from headgate.control.pages.analytics.tables import Cell, Column, Table, figure, outcome
from headgate.control.pages.analytics.traces import traces_of
from headgate.control.requestlog.records import Record
from headgate.control.sinks.health import SinkHealth
from headgate.control.tracking import costs_shown


def activity(title: str, records: Sequence[Record], filters: Filters, *, empty: str, more: str = "") -> Table:
    """Show requests with user, model, cost and outcome."""
    people = people_of(_users(records))
    names = filters.names
    columns = [
        Column("Time (UTC)"),
        Column("User"),
        *([Column("Organization")] if filters.several else []),
        Column("Model"),
        *([Column("Cost", number=True)] if costs_shown() else []),
        Column("Latency", number=True),
        Column("Outcome"),
    ]
    rows = []
    for record in records:
        row = record.row
        user = (str(row.organization_id), str(row.end_user))
        person = people.get(user)
        whose = page_of_user(filters, user, person.pk if person else None) if row.end_user is not None else ""
        rows.append(
            [
                Cell(moment(row.occurred_at), page_of_request(filters, row.request_id, user[0])),
                Cell(wording(row.end_user), whose),
                *([Cell(names.get(user[0], user[0]))] if filters.several else []),
                Cell(wording(row.original_model)),
                *([figure(_cost(record))] if costs_shown() else []),
                figure(milliseconds(row.latency_ms)),
                outcome(str(row.outcome)),
            ]
        )
    return Table(title, columns, rows, empty, href=more)


def errors(title: str, records: Sequence[Record], filters: Filters, health: SinkHealth, *, more: str = "") -> Table:
    """Show requests that failed, each with what was wrong and its trace."""
    traces = traces_of([record.row.request_id for record in records], health)
    columns = [Column(name) for name in ("Time (UTC)", "Endpoint", "Model", "Provider", "What was wrong", "Trace")]
    rows = []
    for record in records:
        row, trace = record.row, traces[record.row.request_id]
        rows.append(
            [
                Cell(moment(row.occurred_at), page_of_request(filters, row.request_id, str(row.organization_id))),
                Cell(row.endpoint or "-"),
                Cell(wording(row.original_model)),
                Cell(wording(row.provider)),
                Cell(row.error or row.outcome, note=row.message or ""),
                Cell(trace.text, trace.href, outside=bool(trace.href)),
            ]
        )
    empty = "No errors: every request that was let through got its answer."
    return Table(title, columns, rows, empty, href=more, stacked=True)


def _users(records: Sequence[Record]) -> list[tuple[str, str]]:
    return [
        (str(each.row.organization_id), str(each.row.end_user)) for each in records if each.row.end_user is not None
    ]


def _cost(record: Record) -> str:
    nothing_sent = record.row.cost_nano is None and record.row.provider is None
    return wording(None) if nothing_sent else usd(record.row.cost_nano)
