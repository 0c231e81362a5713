"""Addresses of `/costs`: each link of the page is the question that is on it, changed in one respect."""

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from django.http import QueryDict

from headgate.control.api.cost_query import FILTERS

PATH = "/costs"
FORM = "form"
"""Says that an address comes from the form, which sends what is empty too."""
NONE = "none"
"""Names of fields that the form leaves empty because costs are asked for that have no such value."""
GROUP = "by"
"""One of several choices of what to group by."""
EXPORTED_LINES = 1_000
_OF_THE_PAGE = ("sort", "format")
_SPAN = ("days", "since", "until")


class Chip(NamedTuple):
    """A filter that is on, and the address without it."""

    name: str
    value: str
    """Empty: costs that have none."""
    href: str


def asked_by_form(query: QueryDict) -> str:
    """Return the address of what the form asks for: without what is empty, but for what shall have no value."""
    cleaned = QueryDict(mutable=True)
    none = set(query.getlist(NONE))
    for name in query:
        if name in {FORM, NONE, GROUP, "offset"}:
            continue
        value = str(query[name]).strip()
        if value or (name in FILTERS and name in none):
            cleaned[name] = value
    if "since" in cleaned or "until" in cleaned:
        cleaned.pop("days", None)
    if groups := [name for name in query.getlist(GROUP) if name]:
        cleaned["groupBy"] = ",".join(groups)
        if cleaned.get("sort") == "day" and "day" not in groups:
            del cleaned["sort"]
    return f"{PATH}?{cleaned.urlencode(safe=',')}"


def address(query: QueryDict, *, without: Iterable[str] = (), **changes: str) -> str:
    """Return the question with other values, on the first page of its answer unless `offset` is given."""
    changed = query.copy()
    for name in {*without, "offset"} - set(changes):
        changed.pop(name, None)
    for name, value in changes.items():
        changed[name] = value
    return f"{PATH}?{changed.urlencode(safe=',')}"


def of_value(query: QueryDict, name: str, value: str | dt.date | None) -> str:
    """Return the question about one value alone: a filter more, or a day."""
    if isinstance(value, dt.date):
        day, next_day = value.isoformat(), (value + dt.timedelta(days=1)).isoformat()
        return address(query, without=_SPAN, since=day, until=next_day)
    return address(query, **{name: value or ""})


def export(query: QueryDict, table_format: str) -> str:
    """Return the address of the whole table for programs."""
    return address(query, without=_OF_THE_PAGE, format=table_format, limit=str(EXPORTED_LINES))


def chips(query: QueryDict) -> list[Chip]:
    """Return the filters that are on."""
    return [Chip(name, str(query[name]), address(query, without=[name])) for name in FILTERS if name in query]
