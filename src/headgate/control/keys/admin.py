"""Pages: virtual keys."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.decorators import display

from headgate.control.display import moment
from headgate.control.filters import OrganizationFilter
from headgate.control.keys.forms import DEFAULT_FIELDS, KeyForm
from headgate.control.keys.models import VirtualKey
from headgate.control.keys.operations import issue_key, revoke_key, save_key
from headgate.control.scoping import Scoped

_STATES = {"active": "success", "expired": "warning", "revoked": "danger"}


@admin.register(VirtualKey)
class VirtualKeyAdmin(Scoped):
    """Virtual keys. They are revoked, never deleted: the books name them."""

    form = KeyForm
    superusers_may = organization_admins_may = frozenset({"view", "add", "change"})
    list_display = ("name", "visible_prefix", "organization", "state", "created", "expires")
    list_select_related = ("organization",)
    list_filter = (OrganizationFilter,)
    search_fields = ("name", "prefix", "id")
    actions = ("revoke",)
    fieldsets = (
        (None, {"fields": ("organization", "name", "expires_at", "visible_prefix", "state")}),
        ("Limits", {"fields": ("allowed_models", "scopes")}),
        ("Attribution", {"fields": (*DEFAULT_FIELDS, "locked")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        """Keep an issued key where it is."""
        return ("visible_prefix", "state", *(("organization",) if obj else ()))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out of the empty form what a key has only once it is issued."""
        if obj is not None:
            return super().get_fieldsets(request, obj)
        (title, first), *rest = self.fieldsets
        return ((title, {**first, "fields": ("organization", "name", "expires_at")}), *rest)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the key may be changed; a revoked one stays as it is."""
        return (obj is None or obj.revoked_at is None) and super().has_change_permission(request, obj)

    @display(description="Key")
    def visible_prefix(self, key: VirtualKey) -> str:
        """Return what of the key may be shown."""
        return f"{key.prefix}…"

    @display(description="State", label=_STATES)
    def state(self, key: VirtualKey) -> str:
        """Say whether the key opens anything."""
        if key.revoked_at is not None:
            return "revoked"
        return "expired" if key.expires_at is not None and key.expires_at <= timezone.now() else "active"

    @display(description="Created (UTC)", ordering="created_at")
    def created(self, key: VirtualKey) -> str:
        """Return when it was issued."""
        return moment(key.created_at)

    @display(description="Expires (UTC)", ordering="expires_at")
    def expires(self, key: VirtualKey) -> str:
        """Return when it stops working."""
        return moment(key.expires_at)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002
        """Issue a new key, or write a changed one; publish either."""
        if change:
            save_key(obj)
        else:
            request.issued_key = issue_key(obj)  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """Show the key, this once: it is in this answer and nowhere else."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Your new virtual key",
            "opts": self.opts,
            "key": obj,
            "plain": request.issued_key,  # type: ignore[attr-defined]
        }
        response = TemplateResponse(request, "admin/issued_key.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, keys: QuerySet[VirtualKey]) -> None:
        """Revoke for good."""
        for key in keys:
            revoke_key(key)
            self.log_change(request, key, "Revoked.")
        messages.success(request, f"{len(keys)} revoked.")
