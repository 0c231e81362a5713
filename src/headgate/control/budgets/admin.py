"""Pages: budgets. Those of windows and adjustments are in `pages.py`."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.views import ChangeList

from headgate.control.budgets import pages
from headgate.control.budgets.asking import ask_why
from headgate.control.budgets.display import bar, limit_of
from headgate.control.budgets.editing import save_changes
from headgate.control.budgets.forms import EDITED, BudgetForm, NewBudgetForm
from headgate.control.budgets.models import Budget, Source, Window
from headgate.control.budgets.operations import open_budget, retire
from headgate.control.budgets.queries import current_windows
from headgate.control.budgets.resets import reset
from headgate.control.budgets.rights import governed, may_govern
from headgate.control.budgets.spending import is_shared
from headgate.control.budgets.tables import tables_of
from headgate.control.filters import OrganizationFilter
from headgate.control.scoping import Scoped

__all__ = ["BudgetAdmin", "pages"]

_STATES = {"in force": "success", "soft": "success", "shadow": "warning", "retired": "info"}
_BY_HAND = (Source.ADMIN, Source.ORGANIZATION)
_FIXED = ("organization", "scope", "subject", "unit", "currency", "source", "policy_name", "state")


class _Budgets(ChangeList):
    """Fetches the fullest window of every budget on the page, in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        windows = Window.objects.in_bulk([row.fullest for row in rows if row.fullest])
        for row in rows:
            row.fullest_window = windows.get(row.fullest)
        self.result_list = rows


@admin.register(Budget)
class BudgetAdmin(Scoped):
    """Budgets. They are retired, never deleted: the books name them."""

    superusers_may = organization_admins_may = frozenset({"view", "add", "change"})
    list_display = ("name", "owner", "bounds", "per", "limited_to", "used", "state")
    list_select_related = ("organization",)
    list_filter = (OrganizationFilter, "scope", "period", "unit")
    search_fields = ("name", "subject", "id")
    actions = ("reset", "retire")
    change_form_after_template = "admin/budget_tables.html"  # type: ignore[assignment]  # the base says None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Add the id of each budget's fullest window."""
        windows = current_windows(timezone.now()).filter(budget=OuterRef("pk"))
        fullest = windows.order_by(-(F("spent") + F("leased")), "pk").values("pk")[:1]
        rows: QuerySet[Any] = super().get_queryset(request).annotate(fullest=Subquery(fullest))
        return rows

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:  # noqa: ARG002
        """Return the list that knows the windows."""
        return _Budgets

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Offer everything for a new budget, and of an existing one what can change."""
        kwargs["form"] = BudgetForm if obj else NewBudgetForm
        form = super().get_form(request, obj, change, **kwargs)
        return form if obj else type(form.__name__, (form,), {"operator": request.user.is_superuser})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Group the form; show what is fixed of an existing budget."""
        whose = ("organization", "name", "scope", "subject")
        sorts = ("soft", "clamp", "top_up", "shadow")
        if obj is None:
            limit = {"fields": ("unit", "limit", "currency", "period", "time_zone")}
            return ((None, {"fields": whose}), ("Limit", limit), ("Conduct", {"fields": sorts}))
        asked = ("reason",) if self.has_change_permission(request, obj) else ()
        return (
            (None, {"fields": ("name", "organization", "scope", "subject", "source", "policy_name", "state")}),
            ("Limit", {"fields": ("unit", "limit", "currency", "period", "time_zone", *asked)}),
            ("Conduct", {"fields": sorts}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        """Keep what a budget counts as it is: another one is another budget."""
        return _FIXED if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether it may be changed here; a retired one, the environment's and a policy's are not."""
        here = obj is None or (obj.retired_at is None and obj.source in _BY_HAND and may_govern(request, obj))
        return here and super().has_change_permission(request, obj)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Show the budget with its windows and entries."""
        budget = self.get_object(request, unquote(object_id))
        visible = budget is not None and self.has_view_permission(request, budget)
        context = {**(extra_context or {}), "tables": tables_of(budget) if visible else ()}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Open a new budget, or bring one to its new values; publish either."""
        if not change:
            open_budget(obj)
            return
        given = {field: form.cleaned_data[field] for field in form.changed_data if field in EDITED}
        save_changes(obj, given, reason=form.cleaned_data["reason"], actor=str(request.user))

    @display(description="Organization", ordering="organization__name")
    def owner(self, budget: Budget) -> str:
        """Return whose budget it is."""
        return str(budget.organization or "installation")

    @display(description="Bounds", ordering="scope")
    def bounds(self, budget: Budget) -> str:
        """Return whose spending it bounds."""
        if budget.subject:
            return f"{budget.scope} {budget.subject}"
        return f"each {budget.scope}" if is_shared(budget) else budget.scope

    @display(description="Per", ordering="period")
    def per(self, budget: Budget) -> str:
        """Return the period and where it ends."""
        return budget.period if budget.time_zone == "UTC" else f"{budget.period}, {budget.time_zone}"

    @display(description="Limit")
    def limited_to(self, budget: Budget) -> str:
        """Return the limit as it was set."""
        return limit_of(budget)

    @display(description="Used now")
    def used(self, budget: Any) -> SafeString | str:
        """Return the current window; of a shared budget the fullest one."""
        return bar(budget.fullest_window)

    @display(description="State", label=_STATES)
    def state(self, budget: Budget) -> str:
        """Say whether it refuses anything."""
        if budget.retired_at is not None:
            return "retired"
        return "shadow" if budget.shadow else "soft" if budget.soft else "in force"

    @admin.action(description="Reset the selected budgets", permissions=["change"])
    def reset(self, request: HttpRequest, budgets: QuerySet[Budget]) -> HttpResponse | None:
        """Start the current period anew, with a reason that stays."""
        rows = governed(request, budgets)
        reason = ask_why(self, request, rows, action="reset", title="Reset budgets", verb="Reset")
        if isinstance(reason, HttpResponse):
            return reason
        for number, budget in enumerate(rows):
            if reset(budget, reset_id=f"{reason.given_id}-{number}", reason=reason.text, actor=str(request.user)):
                self.log_change(request, budget, f"Reset: {reason.text}")
        messages.success(request, f"{len(rows)} reset.")
        return None

    @admin.action(description="Retire the selected budgets", permissions=["change"])
    def retire(self, request: HttpRequest, budgets: QuerySet[Budget]) -> None:
        """Take them out of force for good; those of the environment and of policies end where they were made."""
        rows = [row for row in governed(request, budgets) if row.source in _BY_HAND]
        for budget in rows:
            retire(budget)
            self.log_change(request, budget, "Retired.")
        messages.success(request, f"{len(rows)} retired.")
