"""Pages: windows and adjustments. Nobody changes them by hand."""

import datetime as dt

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import display

from headgate.control.budgets.asking import ask_why
from headgate.control.budgets.display import amount, bar
from headgate.control.budgets.models import Adjustment, Window
from headgate.control.budgets.queries import current_windows
from headgate.control.budgets.resets import reset
from headgate.control.budgets.rights import may_govern
from headgate.control.budgets.spending import is_shared
from headgate.control.budgets.windows import subject_of
from headgate.control.display import link, moment
from headgate.control.filters import OrganizationFilter
from headgate.control.requestlog.long_lists import BoundedPaginator
from headgate.control.scoping import ReadOnly


@admin.register(Window)
class WindowAdmin(ReadOnly):
    """Windows: what is spent and held of one period of one budget."""

    list_display = ("of_budget", "label", "whose", "limited_to", "used", "over", "epoch")
    list_select_related = ("budget",)
    list_filter = (OrganizationFilter,)
    paginator = BoundedPaginator
    search_fields = ("budget__name", "subject", "label")
    actions = ("reset",)  # type: ignore[assignment]  # the base has none
    fields = readonly_fields = (
        *("of_budget", "label", "whose", "epoch", "starts", "ends", "used", "limited_to", "hard", "over"),
        *("currency", "usd_rate", "limit_version", "scarce", "recall_gen"),
    )

    def has_reset_permission(self, request: HttpRequest) -> bool:
        """Say whether the action is offered."""
        return self.has_view_permission(request)

    @display(description="Budget", ordering="budget__name")
    def of_budget(self, window: Window) -> SafeString:
        """Link to the budget."""
        return link(window.budget, window.budget.name)

    @display(description="Whose", ordering="subject")
    def whose(self, window: Window) -> str:
        """Return the subject."""
        return window.subject or "everybody"

    @display(description="Limit", ordering="limit_amount")
    def limited_to(self, window: Window) -> str:
        """Return the limit of this window."""
        return amount(window.unit, window.limit_amount)

    @display(description="Hard limit")
    def hard(self, window: Window) -> str:
        """Return what critical tasks may go to."""
        return amount(window.unit, window.hard_limit)

    @display(description="Used", ordering="spent")
    def used(self, window: Window) -> SafeString | str:
        """Return what is spent and held."""
        return bar(window)

    @display(description="Overrun", ordering="overrun")
    def over(self, window: Window) -> str:
        """Return what providers billed beyond every hold."""
        return amount(window.unit, window.overrun)

    @display(description="Starts (UTC)")
    def starts(self, window: Window) -> str:
        """Return its first instant."""
        return moment(instant(window.starts_at)) if window.starts_at else "always"

    @display(description="Ends (UTC)")
    def ends(self, window: Window) -> str:
        """Return the first instant after it."""
        return moment(instant(window.ends_at)) if window.ends_at is not None else "never"

    @admin.action(description="Reset the selected windows", permissions=["reset"])
    def reset(self, request: HttpRequest, windows: QuerySet[Window]) -> HttpResponse | None:
        """Start a window anew for its own subject, with a reason that stays."""
        current = current_windows(timezone.now()).filter(pk__in=windows.values("pk")).select_related("budget")
        rows = [row for row in current if may_govern(request, row.budget)]
        reason = ask_why(self, request, rows, action="reset", title="Reset windows", verb="Reset")
        if isinstance(reason, HttpResponse):
            return reason
        for number, row in enumerate(rows):
            reset(
                row.budget,
                subject=subject_of(row) if is_shared(row.budget) else None,
                reset_id=f"{reason.given_id}-{number}",
                reason=reason.text,
                actor=str(request.user),
            )
        messages.success(request, f"{len(rows)} reset.")
        return None


@admin.register(Adjustment)
class AdjustmentAdmin(ReadOnly):
    """Adjustments beside the cost events: never changed, also not in the database."""

    list_display = ("time", "kind", "of_budget", "change", "reason", "actor", "window_id")
    list_select_related = ("budget",)
    list_filter = (OrganizationFilter,)
    search_fields = ("budget__name", "window_id", "reason", "actor")
    fields = readonly_fields = ("id", "time", "kind", "of_budget", "change", "reason", "actor", "window_id")

    @display(description="Time (UTC)", ordering="created_at")
    def time(self, entry: Adjustment) -> str:
        """Return when it was made."""
        return moment(entry.created_at)

    @display(description="Budget", ordering="budget__name")
    def of_budget(self, entry: Adjustment) -> SafeString:
        """Link to the budget."""
        return link(entry.budget, entry.budget.name)

    @display(description="Change of what is spent", ordering="amount")
    def change(self, entry: Adjustment) -> str:
        """Return by how much."""
        return amount(entry.unit, entry.amount)


def instant(epoch_seconds: int) -> dt.datetime:
    """Return an edge as a moment."""
    return dt.datetime.fromtimestamp(epoch_seconds, tz=dt.UTC)
