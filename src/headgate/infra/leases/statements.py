"""What the two databases are told in the same words. SQLite writes parameters as `:name`, psycopg as `%(name)s`."""

from typing import Any

from headgate.domain.budget import WindowId
from headgate.infra.leases.rules import Row
from headgate.ledger.windows import Pulse, WindowState

ROW = "id, limit_amount, hard_limit, limit_version, spent, leased, excess, scarce, recall_gen"
"""Columns of `Row`, in its order."""
SPEC = (
    "id, budget_id, organization_id, scope, subject, label, epoch, unit, starts_at, ends_at, "
    "limit_amount, hard_limit, limit_version, currency, usd_rate"
)
"""Columns that a window is opened with."""
OPEN_OWNERS = "(SELECT count(*) FROM headgate_owner WHERE state = 'open')"

PULSE = f"""
SELECT clock.now, owner.op_seq, owner.state, {OPEN_OWNERS},
       recalled.id, recalled.limit_amount, recalled.hard_limit, recalled.limit_version,
       recalled.spent, recalled.leased, recalled.excess, recalled.scarce, recalled.recall_gen
FROM (SELECT {{clock}} AS now) AS clock
LEFT JOIN headgate_owner AS owner ON owner.id = {{owner}}
LEFT JOIN (
    SELECT {ROW} FROM headgate_window
    WHERE (scarce OR recall_gen > 0)
      AND id IN (SELECT window_id FROM headgate_lease WHERE owner_id = {{owner}} AND remaining > 0)
) AS recalled ON TRUE
"""  # noqa: S608 - put together from this file alone
"""One row per window that needs attention, at least one in all."""


def row_of(columns: tuple[Any, ...]) -> Row:
    """Read the columns of `ROW`."""
    name, limit, hard, limit_version, spent, leased, excess, scarce, recall_gen = columns
    return Row(
        id=WindowId(name),
        limit=limit,
        hard=hard,
        limit_version=limit_version,
        spent=spent,
        leased=leased,
        excess=excess,
        scarce=bool(scarce),
        recall_gen=recall_gen,
    )


def rows_of(found: list[tuple[Any, ...]]) -> dict[WindowId, Row]:
    """Read rows by window."""
    return {row.id: row for row in map(row_of, found)}


def states_of(found: list[tuple[Any, ...]]) -> dict[WindowId, WindowState]:
    """Read states by window."""
    return {name: row.state for name, row in rows_of(found).items()}


def pulse_of(found: list[tuple[Any, ...]]) -> Pulse:
    """Read the answer to `PULSE`; an owner that the store does not know is not open."""
    now, op_seq, state, owners = found[0][:4]
    return Pulse(
        now=float(now),
        op_seq=op_seq or 0,
        open=state == "open",
        owners=owners,
        attention=states_of([columns[4:] for columns in found if columns[4] is not None]),
    )
