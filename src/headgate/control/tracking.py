"""Whether pages say what things cost: `AI_COST_TRACKING_ENABLED`. The books are written either way."""

from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest

from headgate.control.scoping import ReadOnly


def costs_shown() -> bool:
    """Say whether amounts are shown; false where nobody wants to look at costs."""
    shown: bool = settings.BUDGET_DEFAULTS.tracking
    return shown


class CostColumns(ReadOnly):
    """A page of rows that nobody changes, some of whose columns and fields are amounts."""

    costs: ClassVar[frozenset[str]]
    """Columns and fields that are left out where costs are not shown."""

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the columns of the list."""
        return self._shown(super().get_list_display(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields of a row's own page; a group of which nothing is left is left out too."""
        groups = [
            (title, {**options, "fields": self._shown(options["fields"])})
            for title, options in super().get_fieldsets(request, obj)
        ]
        return [(title, options) for title, options in groups if options["fields"]]

    def _shown(self, names: Any) -> Any:
        return names if costs_shown() else [name for name in names if name not in self.costs]
