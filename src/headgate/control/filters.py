"""Filters of list pages. None of them offers a value out of an organization that the user does not administrate."""

import datetime as dt
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter

from headgate.control.organizations.queries import administrated_by

RECENT_ROWS = 1000


class OrganizationFilter(DropdownFilter):
    """Rows of one organization."""

    title = "organization"
    parameter_name = "organization"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the organizations that the user administrates."""
        return list(administrated_by(request.user).values_list("pk", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Keep the rows of the chosen one."""
        return queryset.filter(organization_id=self.value()) if self.value() else queryset


class _RecentValues(DropdownFilter):
    """Values that occur among the newest rows: what there is to choose from must not cost a walk over all of them."""

    column: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the values, sorted."""
        newest = model_admin.get_queryset(request).order_by("-occurred_at").values_list(self.column, flat=True)
        return [(value, value) for value in sorted({value for value in newest[:RECENT_ROWS] if value})]

    def has_output(self) -> bool:
        """Say whether the filter is shown: always, so that the page does not change its shape."""
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Keep the rows with the chosen value."""
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class ProviderFilter(_RecentValues):
    """Rows of one provider."""

    title = "provider"
    parameter_name = "provider"
    column = "provider"


class ModelFilter(_RecentValues):
    """Rows whose caller asked for one model."""

    title = "model"
    parameter_name = "model"
    column = "original_model"


class TimeFilter(RangeDateTimeFilter):
    """Rows between two moments in UTC. A date without a time means its first, or its last, instant."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Keep the rows of the span; what is no date and time is no bound."""
        begin, end = self._bound("from", dt.time.min), self._bound("to", dt.time.max)
        bounds = {f"{self.parameter_name}__gte": begin, f"{self.parameter_name}__lte": end}
        return queryset.filter(**{lookup: bound for lookup, bound in bounds.items() if bound is not None})

    def _bound(self, side: str, default: dt.time) -> dt.datetime | None:
        date, time = (str(self.used_parameters.get(f"{self.parameter_name}_{side}_{part}") or "") for part in (0, 1))
        try:
            day = dt.date.fromisoformat(date)
            return dt.datetime.combine(day, dt.time.fromisoformat(time) if time else default, tzinfo=dt.UTC)
        except ValueError:
            return None
