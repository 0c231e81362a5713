"""Parameters that several operations of the API have in common."""

import datetime as dt
from typing import Annotated, Literal

from ninja import Query
from pydantic import Field

from headgate.control.rollups.queries import Interval
from headgate.domain.errors import BadRequest

MOST_DAYS = 366
MOST_DAYS_BY_HOUR = 7
MOST_LINES = 1_000
MOST_OFFSET = 100_000
EARLIEST, LATEST = dt.date(2000, 1, 1), dt.date(2200, 1, 1)
_PRINTABLE = r"^[^\u0000]*$"

Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="Today and the UTC days before it, so many together.")]
UserId = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=250,
        pattern=_PRINTABLE,
        description="External id of a user, as callers send it. Without it: the caller's own.",
    ),
]
OrganizationName = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=200,
        pattern=_PRINTABLE,
        description="Id or name of an organization. Without it: all that the caller may see.",
    ),
]
IntervalName = Annotated[
    Interval, Query(description=f"Of the series. By the hour for at most {MOST_DAYS_BY_HOUR} days.")
]
Limit = Annotated[int, Query(ge=1, le=MOST_LINES, description="Lines at most.")]
Offset = Annotated[int, Query(ge=0, le=MOST_OFFSET, description="Lines that are left out before.")]
TableFormat = Annotated[
    Literal["json", "csv"] | None, Query(alias="format", description="Without it: what `Accept` prefers, or JSON.")
]
Day = Annotated[dt.date, Field(ge=EARLIEST, lt=LATEST)]
Value = Annotated[str | None, Query(max_length=250, pattern=_PRINTABLE)]
Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=_PRINTABLE)]


def check_interval(interval: Interval, days: int) -> None:
    """Refuse a series with too many points.

    Raises:
        BadRequest: it would be by the hour for too long.
    """
    if interval is Interval.HOUR and days > MOST_DAYS_BY_HOUR:
        message = f"interval=hour is for at most {MOST_DAYS_BY_HOUR} days, and {days} are asked for: use interval=day."
        raise BadRequest(message, code="invalid_value", param="interval")
