"""Whose rows a page shows: an organization's admins see and change their own organizations', a superuser all.

Every page of the admin is built on `Scoped`. What a user may do follows from his memberships; Django's table of
permissions is not consulted.
"""

from collections.abc import Collection
from typing import Any, ClassVar, cast

from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from headgate.control.audit.operations import record_about, without_secrets
from headgate.control.organizations.models import Organization, User
from headgate.control.organizations.queries import administrated_by

VIEW = frozenset({"view"})
EVERYTHING = frozenset({"view", "add", "change", "delete"})
_CACHED = "_headgate_administrated"


def administrated_ids(request: HttpRequest) -> frozenset[str]:
    """Return the ids of the organizations that the request's user administrates, read once per request."""
    known = getattr(request, _CACHED, None)
    if known is None:
        known = frozenset(administrated_by(request.user).values_list("pk", flat=True))
        setattr(request, _CACHED, known)
    return cast("frozenset[str]", known)


class Scoped(ModelAdmin):
    """A page of rows that belong to organizations."""

    superusers_may: ClassVar[Collection[str]] = EVERYTHING
    organization_admins_may: ClassVar[Collection[str]] = EVERYTHING
    shared_rows_visible: ClassVar[bool] = False
    """Whether an organization's admins see rows without an organization. They never change them."""
    owner_column: ClassVar[str] = "organization_id"

    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows that the user may see."""
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        mine = Q(**{f"{self.owner_column}__in": administrated_ids(request)})
        if self.shared_rows_visible:
            mine |= Q(**{self.owner_column: None})
        return rows.filter(mine)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only what belongs to the user's organizations."""
        if request.user.is_superuser:
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        remote = db_field.related_model
        column = "pk" if remote is Organization else "organization_id"
        kwargs["queryset"] = remote._default_manager.filter(**{f"{column}__in": administrated_ids(request)})  # noqa: SLF001
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if remote is Organization and field is not None:
            # Nothing that an organization's admin writes is shared with others.
            field.required = True
        return field

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Tell the audit trail too."""
        self._audit(request, "added", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Tell the audit trail too."""
        self._audit(request, "changed", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Tell the audit trail too."""
        for row in queryset:
            self._audit(request, "deleted", row, None)
        return super().log_deletions(request, queryset)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Say what the fields were changed to, but for secrets."""
        message = super().construct_change_message(request, form, formsets, add)
        request.audited_values = without_secrets(  # type: ignore[attr-defined]
            (name, form.cleaned_data.get(name)) for name in form.changed_data
        )
        return message

    def _audit(self, request: HttpRequest, action: str, row: Any, message: Any) -> None:
        values = getattr(request, "audited_values", None)
        record_about(cast("User", request.user), action, row, {"said": message, "values": values})

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Say whether the page is listed."""
        return self._may(request, "view")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the row, or the page, may be seen."""
        return self._may(request, "view", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say whether rows may be added."""
        return self._may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the row may be changed."""
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the row may be deleted."""
        return self._may(request, "delete", obj)

    def _may(self, request: HttpRequest, action: str, obj: models.Model | None = None) -> bool:
        user = cast("User", request.user)
        if not (user.is_active and user.is_staff):
            return False
        if user.is_superuser:
            return action in self.superusers_may
        if action not in self.organization_admins_may or not administrated_ids(request):
            return False
        return obj is None or self._owns(request, action, obj)

    def _owns(self, request: HttpRequest, action: str, obj: models.Model) -> bool:
        owner = getattr(obj, self.owner_column)
        if owner is None:
            return self.shared_rows_visible and action == "view"
        return owner in administrated_ids(request)


class ReadOnly(Scoped):
    """A page of rows that nobody changes."""

    superusers_may = VIEW
    organization_admins_may = VIEW
    actions = None


class SuperusersOnly(Scoped):
    """A page that only the installation's operator sees."""

    organization_admins_may = frozenset()
