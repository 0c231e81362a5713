"""Writes: what a posting adds to the roll-ups, in its own transaction."""

from collections.abc import Sequence
from operator import attrgetter

from headgate.control.rollups.upserts import raise_rows
from headgate.ledger.postings import CostEventPosting, RequestLogPosting
from headgate.ledger.rollups import EVENT_COLUMNS, LOG_COLUMNS, TABLES, RollUp

_event = attrgetter(*EVENT_COLUMNS)
_log = attrgetter(*LOG_COLUMNS)


def roll_up(events: Sequence[CostEventPosting], logs: Sequence[RequestLogPosting]) -> None:
    """Add rows that the caller's transaction has inserted, each once.

    Rows are locked in one order by everybody: table by table, and in each by id. It has to be after the rows are
    inserted and before windows are locked, for who draws from a budget waits for those.
    """
    summed = RollUp()
    summed.add_events(map(_event, events))
    summed.add_logs(map(_log, logs))
    write(summed)


def write(summed: RollUp) -> None:
    """Raise all tables by what was summed up. Must be called inside a transaction."""
    rows = summed.rows()
    for table in TABLES:
        raise_rows(table, rows[table])
