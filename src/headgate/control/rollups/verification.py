"""Whether the roll-ups are the sums of the books: compared by the database, in one statement per table.

A statement sees one moment of the database, so postings may go on meanwhile. It adds up what the books say and takes
away what the roll-ups say: what is not zero then is a difference.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from headgate.control.rollups.models import Check
from headgate.control.rollups.queries import days_of_books, days_of_rollups, kept_from
from headgate.control.rollups.upserts import adapted, id_bounds, period_column, table_of
from headgate.domain.outcome import Outcome
from headgate.ledger.rollups import (
    ANSWERED_ESTIMATES,
    COUNTS,
    HISTOGRAM,
    TABLES,
    TRAFFIC_DAY,
    TRAFFIC_HOUR,
    USER_HOUR,
    USER_LATENCY,
    Table,
)

MOST_SHOWN = 100
"""Differences that a stored check lists."""
KEPT_CHECKS = 100
EVERYBODY = "all organizations"
"""Whose difference it is, where a table does not tell organizations apart."""
_DAY = dt.timedelta(days=1)
_LATENCY = {"sqlite": "CAST(round(latency_ms * 1000) AS INTEGER)", "postgresql": "round(latency_ms * 1000)::bigint"}
_PERIODS = {
    ("sqlite", True): "substr(occurred_at, 1, 10)",
    ("sqlite", False): "substr(occurred_at, 1, 13) || ':00:00'",
    ("postgresql", True): "(occurred_at AT TIME ZONE 'UTC')::date",
    ("postgresql", False): "date_trunc('hour', occurred_at, 'UTC')",
}


class Difference(NamedTuple):
    """An hour or day of an organization, or of all, whose roll-up is not what the books say."""

    table: str
    period: str
    organization_id: str
    missing: dict[str, int]
    """By column, what the roll-up has too little (negative: too much)."""

    def __str__(self) -> str:
        figures = ", ".join(f"{name} {amount:+}" for name, amount in self.missing.items())
        return f"{self.period} of {self.organization_id}: {self.table} lacks {figures}"


class Verdict(NamedTuple):
    """What a comparison came to."""

    since: dt.date
    until: dt.date
    """The first day that was not compared."""
    differences: list[Difference]


def verify(since: dt.date | None = None, until: dt.date | None = None) -> Verdict | None:
    """Compare UTC days; those whose rows are not kept any longer are left out.

    Args:
        since: the first day; None: the oldest that has rows.
        until: the first day after; None: the day after the newest that has rows.

    Returns:
        None when there is nothing to compare.
    """
    spans = [span for span in (days_of_books(), days_of_rollups()) if span is not None]
    if not spans:
        return None
    kept = kept_from()
    begin = max(filter(None, (since or min(first for first, _ in spans), kept and kept.date())))
    end = until or max(last for _, last in spans) + _DAY
    if begin >= end:
        return None
    found = [difference for table in TABLES for difference in _differences(table, begin, end)]
    return Verdict(begin, end, sorted(found))


def shortfalls(since: dt.date, until: dt.date) -> list[Difference]:
    """Return what the roll-ups of UTC days lack of what the books have: what may not be removed from these.

    Where rows were removed before, the roll-ups have more than what is left, or what came late.
    """
    kept = kept_from()
    edge = min(max(since, kept.date()), until) if kept else since
    found = [difference for table in TABLES for difference in _differences(table, edge, until)]
    late = [difference for table in TABLES for difference in _differences(table, since, edge)] if since < edge else []
    return sorted(found + [each for each in late if any(amount > 0 for amount in each.missing.values())])


def verify_and_store(since: dt.date, until: dt.date) -> Check:
    """Compare UTC days and keep what came of it; old checks go."""
    verdict = verify(since, until)
    differences = [] if verdict is None else [difference._asdict() for difference in verdict.differences]
    with transaction.atomic():
        check = Check.objects.create(
            checked_at=timezone.now(), since=since, until=until, differences=differences[:MOST_SHOWN]
        )
        old = Check.objects.order_by("-checked_at").values_list("pk", flat=True)[KEPT_CHECKS:]
        Check.objects.filter(pk__in=list(old)).delete()
    return check


def _differences(table: Table, since: dt.date, until: dt.date) -> list[Difference]:
    rolled = id_bounds(table, since, until)
    if table.source is None:
        moments = [dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC) for day in (since, until)]
        books = [adapted(moment) for moment in moments]
        names, statement = _statement(table, connection.vendor)
        values = [*books, *books, *rolled]
    else:
        names, statement = table.sums, _statement_of_source(table, table.source)
        values = [*rolled, *rolled]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    return [_difference(table, row, names) for row in rows]


def _difference(table: Table, row: Sequence[Any], names: Sequence[str]) -> Difference:
    period, organization, *sums = row
    missing = {name: int(amount) for name, amount in zip(names, sums, strict=True) if amount}
    return Difference(table.name, _text(period), str(organization), missing)


def _text(period: Any) -> str:
    """Return `2026-01-01 12:00` or `2026-01-01`."""
    if isinstance(period, dt.datetime):
        return period.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M")
    return str(period).removesuffix(":00")


def _statement(table: Table, vendor: str) -> tuple[Sequence[str], str]:
    """Return the names of the sums, and the statement that compares them."""
    period = _PERIODS[vendor, table.daily]
    names = _names(table)
    of_event, of_log, rolled = _of_event(), _of_log(vendor), _rolled(table)
    of_users = " AND end_user IS NOT NULL" if table in {USER_HOUR, USER_LATENCY} else ""
    column = period_column(table)
    # Names of our own columns and words of our own; every value is a parameter.
    statement = f"""
        SELECT period, organization_id, {", ".join(f"SUM({name})" for name in names)} FROM (
            SELECT {period} AS period, organization_id, {_sums(names, of_event)}
            FROM headgate_cost_event WHERE occurred_at >= %s AND occurred_at < %s{of_users} GROUP BY 1, 2
            UNION ALL
            SELECT {period} AS period, organization_id, {_sums(names, of_log)}
            FROM headgate_request_log WHERE occurred_at >= %s AND occurred_at < %s{of_users} GROUP BY 1, 2
            UNION ALL
            SELECT {column} AS period, organization_id, {_sums(names, rolled)}
            FROM {table_of(table)} WHERE id >= %s AND id < %s GROUP BY 1, 2
        ) AS both_sides GROUP BY 1, 2 HAVING {" OR ".join(f"SUM({name}) <> 0" for name in names)}
    """  # noqa: S608
    return names, statement


def _statement_of_source(table: Table, source: Table) -> str:
    """Return the statement that compares a table with the finer one, which is compared with the books."""
    period = period_column(table)
    of_one = "organization_id" in table.groups
    owner = "organization_id" if of_one else f"'{EVERYBODY}' AS organization_id"
    sides = [
        f"SELECT {period} AS period, {owner}, {_sums(table.sums, {name: f'{sign}{name}' for name in table.sums})} "  # noqa: S608
        f"FROM {table_of(side)} WHERE id >= %s AND id < %s GROUP BY 1, 2"
        for side, sign in ((source, ""), (table, "-"))
    ]
    sums = ", ".join(f"SUM({name})" for name in table.sums)
    differs = " OR ".join(f"SUM({name}) <> 0" for name in table.sums)
    return (
        f"SELECT period, organization_id, {sums} FROM ({' UNION ALL '.join(sides)}) AS both_sides "  # noqa: S608
        f"GROUP BY 1, 2 HAVING {differs}"
    )


def _names(table: Table) -> Sequence[str]:
    if table == USER_LATENCY:
        return ("counted",)
    return (*COUNTS, "counted") if table in {TRAFFIC_HOUR, TRAFFIC_DAY} else COUNTS


def _sums(names: Sequence[str], expressions: dict[str, str]) -> str:
    return ", ".join(f"COALESCE(SUM({expressions.get(name, '0')}), 0) AS {name}" for name in names)


def _of_event() -> dict[str, str]:
    charged = _words((Outcome.OK, Outcome.ESTIMATED))
    return {
        "attempts": "1",
        "charged": f"CASE WHEN outcome IN ({charged}) THEN 1 ELSE 0 END",
        "estimated": "CASE WHEN estimated THEN 1 ELSE 0 END",
        "unpriced": "CASE WHEN amount_nano IS NULL THEN 1 ELSE 0 END",
        **{name: name for name in ("amount_nano", "prompt_tokens", "completion_tokens", "total_tokens")},
    }


def _of_log(vendor: str) -> dict[str, str]:
    failed = _words((Outcome.REJECTED, Outcome.UNREACHED, Outcome.FAULT))
    answered = _words(sorted(ANSWERED_ESTIMATES))
    timed = f"latency_ms IS NOT NULL AND outcome <> '{Outcome.REFUSED}'"
    return {
        "requests": "1",
        "errors": f"CASE WHEN outcome IN ({failed}) OR (outcome = '{Outcome.ESTIMATED}' "
        f"AND COALESCE(error, '') NOT IN ({answered})) THEN 1 ELSE 0 END",
        "refused": f"CASE WHEN outcome = '{Outcome.REFUSED}' THEN 1 ELSE 0 END",
        "timed": f"CASE WHEN {timed} THEN 1 ELSE 0 END",
        "counted": f"CASE WHEN {timed} THEN 1 ELSE 0 END",
        "latency_us": f"CASE WHEN {timed} THEN {_LATENCY[vendor]} ELSE 0 END",
    }


def _rolled(table: Table) -> dict[str, str]:
    """Return what is taken away; `counted` is what the buckets of latencies say."""
    if table == USER_LATENCY:
        return {"counted": "-requests"}
    return {**{name: f"-{name}" for name in COUNTS}, "counted": f"-({' + '.join(HISTOGRAM)})"}


def _words(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
