"""Pages: routes with their arms, and how each arm does."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.decorators import display

from headgate.control.filters import OrganizationFilter
from headgate.control.organizations.models import User
from headgate.control.routes.checks import stray
from headgate.control.routes.display import report_table
from headgate.control.routes.forms import ArmForm, ArmFormSet, RouteForm
from headgate.control.routes.models import Arm, Route, Strategy
from headgate.control.routes.operations import delete_routes, save_route
from headgate.control.routes.report import period_of, report_of
from headgate.control.scoping import Scoped


class ArmInline(TabularInline):
    """The arms of a route: whoever may change the route may change them."""

    model = Arm
    form = ArmForm
    formset = ArmFormSet
    fields = ("position", "name", "model", "weight")
    ordering_field = "position"  # type: ignore[assignment]  # the base says None
    extra = 0
    min_num = 1

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the arms may be seen."""
        return self._page().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether arms may be added; to a route that is not there yet, by whoever may add one."""
        page = self._page()
        return page.has_add_permission(request) if obj is None else page.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether arms may be changed."""
        return self._page().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether arms may be taken away."""
        return self._page().has_change_permission(request, obj)

    def _page(self) -> Scoped:
        page = self.admin_site.get_model_admin(Route)
        assert isinstance(page, Scoped)
        return page


@admin.register(Route)
class RouteAdmin(Scoped):
    """Routes. An organization makes its own; shared ones are the operator's."""

    form = RouteForm
    inlines = (ArmInline,)
    list_display = ("name", "owner", "ordered", "arms_listed", "enabled")
    list_select_related = ("organization",)
    list_filter = (OrganizationFilter, "strategy")
    search_fields = ("name",)
    shared_rows_visible = True
    change_form_after_template = "admin/route_report.html"  # type: ignore[assignment]  # the base says None
    fieldsets = (
        (None, {"fields": ("organization", "name", "enabled")}),
        ("Which arm", {"fields": ("strategy", "sticky_by")}),
        ("Attempts", {"fields": ("retries", "hedge_after_ms")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch the arms beside the routes."""
        return super().get_queryset(request).prefetch_related("arms")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        """Keep a route where it is."""
        return ("organization",) if obj else ()

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Show the route with what its arms did."""
        route = self.get_object(request, unquote(object_id))
        days = period_of(request.GET.get("days"))
        shown = None
        if isinstance(route, Route):
            user = cast("User", request.user)
            shown = report_table(report_of(route, user, days=days, now=timezone.now()), days)
            shown["stray"] = stray(route, list(route.arms.all()))
        context = {**(extra_context or {}), "report": shown}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @display(description="Organization", ordering="organization__name")
    def owner(self, route: Route) -> str:
        """Return whose route it is."""
        return str(route.organization or "shared")

    @display(description="Strategy", ordering="strategy")
    def ordered(self, route: Route) -> str:
        """Return how the arms are ordered, in one word."""
        return Strategy(route.strategy).label.partition(":")[0]

    @display(description="Arms")
    def arms_listed(self, route: Route) -> str:
        """Return the arms, with their weights where these count."""
        weighed = route.strategy in {Strategy.WEIGHTED, Strategy.SPLIT}
        return ", ".join(f"{arm.title} ({arm.weight})" if weighed else arm.title for arm in route.arms.all())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Wait for the arms: a route is written and published with them."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: ARG002
        """Write and publish."""
        (arms,) = formsets
        arms.save(commit=False)  # what the page's history says follows from it
        save_route(form.instance, arms.arms())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:  # noqa: ARG002
        """Delete and publish."""
        delete_routes([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:  # noqa: ARG002
        """Delete and publish, once."""
        delete_routes(queryset)
