"""Pages of tables that grow for ever: not counted to the end, not sorted by what has no index, not searched in vain.

What is filtered for is first looked for in the roll-ups: they say whether there is any, and since when there is enough.
"""

import datetime as dt
from functools import cached_property
from typing import Any, ClassVar, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

from headgate.control.ended import ended_otherwise
from headgate.control.rollups.queries import Seen, Span, breakdown
from headgate.control.scoping import administrated_ids
from headgate.control.tracking import CostColumns
from headgate.domain.outcome import Outcome

MOST_COUNTED = 10_000
"""Rows: older ones are found by choosing a time."""
_EVER = Span(dt.date(1970, 1, 1), dt.date(2200, 1, 1))
_OF_ROLLUPS = ("provider", "model")


class BoundedPaginator(Paginator):
    """Pages of the first `MOST_COUNTED` rows."""

    @cached_property
    def count(self) -> int:
        """Return how many rows there are, as far as they are counted."""
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[:MOST_COUNTED].count()


class LongChangeList(ChangeList):
    """A list of requests or cost events."""

    def get_ordering_field(self, field_name: Any) -> Any:
        """Return what a column is sorted by: what is no link in its head is not sorted by when an address says so."""
        return super().get_ordering_field(field_name) if field_name in LongList.sortable_by else None

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """Return the rows that match, from where on there are enough of them."""
        rows: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        outcome = request.GET.get("outcome__exact")
        if outcome in {each.value for each in Outcome} - {Outcome.OK.value}:
            rows = ended_otherwise(rows)
        where = {name: request.GET[name] for name in _OF_ROLLUPS if request.GET.get(name)}
        if not where:
            return rows
        counted = self.model_admin.counted  # type: ignore[attr-defined]  # of `LongList`
        lines = breakdown(_seen(request), _EVER, ("day",), where=where, latencies=False, only=(counted,), order=counted)
        days = sorted(((line.values[0], getattr(line.figures, counted)) for line in lines), reverse=True)
        days = [(day, count) for day, count in days if count]
        if not days:
            return rows.none()
        if outcome or self.query or _chooses_time(request):
            # How many of them match nobody knows.
            return rows
        return rows.filter(occurred_at__gte=dt.datetime.combine(_enough(days), dt.time(), tzinfo=dt.UTC))


class LongList(CostColumns):
    """A page of such a table."""

    paginator = BoundedPaginator
    sortable_by = ("time",)
    search_help_text = f"Whole request id. The newest {MOST_COUNTED:,} are listed: choose a time for older ones."
    counted: ClassVar[str]
    """What the roll-ups call the number of rows."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:  # noqa: ARG002
        """Return the list's class."""
        return LongChangeList


def _seen(request: HttpRequest) -> Seen:
    """Return whose rows are listed."""
    chosen = request.GET.get("organization")
    everything = getattr(request.user, "is_superuser", False)
    if chosen:
        return Seen(frozenset({chosen}) if everything else administrated_ids(request) & {chosen})
    return Seen(None) if everything else Seen(administrated_ids(request))


def _chooses_time(request: HttpRequest) -> bool:
    return any(name.startswith("occurred_at") and value for name, value in request.GET.items())


def _enough(days: list[tuple[dt.date, int]]) -> dt.date:
    """Return the day since which there are as many as are counted; the newest are first."""
    found = 0
    for day, count in days:
        found += count
        if found >= MOST_COUNTED:
            return day
    return days[-1][0]
