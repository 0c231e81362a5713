"""Pages: organizations, their groups, users."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from headgate.control.filters import OrganizationFilter
from headgate.control.organizations.forms import OrganizationForm
from headgate.control.organizations.models import App, Client, Membership, Organization, Project, Team, User
from headgate.control.organizations.operations import save_organization
from headgate.control.scoping import Scoped, SuperusersOnly

admin.site.unregister(Group)


PERMISSIONS = ("view_ai_analytics", "reset_user_spend")
"""What staff may do in all organizations without being superusers; the rest follows from memberships."""
_OPERATORS = ("enabled", "shared_deployments", "unpriced_allowed", "critical_tasks")
"""What costs or protects the operator: also which tasks may go above a soft limit."""


@admin.register(Organization)
class OrganizationAdmin(Scoped):
    """Organizations. They are switched off, never deleted: the books name them."""

    owner_column = "id"
    superusers_may = frozenset({"view", "add", "change"})
    organization_admins_may = frozenset({"view", "change"})
    list_display = ("name", "enabled", "shared_deployments", "unpriced_allowed", "capture_content")
    search_fields = ("name",)
    form = OrganizationForm
    fieldsets = (
        (None, {"fields": ("name", "enabled", "shared_deployments", "unpriced_allowed", "capture_content")}),
        ("When a budget does not admit a request", {"fields": ("open_model", "critical_tasks")}),
        ("Time", {"fields": ("task_timeouts_ms",)}),
        ("People", {"fields": ("members_may_create_keys",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        """Leave to the operator what costs or protects the operator."""
        return () if request.user.is_superuser else _OPERATORS

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002
        """Write and publish."""
        save_organization(obj)


@admin.register(Team, Project, App, Client)
class GroupAdmin(Scoped):
    """Teams, projects, apps and clients."""

    list_display = ("name", "external_id", "organization")
    list_select_related = ("organization",)
    list_filter = (OrganizationFilter,)
    search_fields = ("name", "external_id")
    fields = ("organization", "external_id", "name")


class MembershipInline(TabularInline):
    """The organizations of a user."""

    model = Membership
    extra = 0

    def _is_operator(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return bool(cast("User", request.user).is_superuser)

    has_view_permission = has_add_permission = has_change_permission = has_delete_permission = _is_operator


@admin.register(User)
class UserAdmin(DjangoUserAdmin, SuperusersOnly):  # type: ignore[misc]  # two bases with hooks of the same name
    """People who sign in."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (MembershipInline,)
    list_display = ("username", "email", "is_staff", "is_superuser", "is_active", "last_login")
    list_filter = ()
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser", "user_permissions")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only the permissions that are looked at."""
        kwargs["queryset"] = Permission.objects.filter(codename__in=PERMISSIONS)
        # Past the base, which would set its own.
        return super(DjangoUserAdmin, self).formfield_for_manytomany(db_field, request, **kwargs)
