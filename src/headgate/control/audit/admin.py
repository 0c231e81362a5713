"""Pages: the audit trail. Nobody changes it."""

from typing import Any

from django.contrib import admin
from unfold.decorators import display

from headgate.control.audit.models import AuditEntry
from headgate.control.display import moment
from headgate.control.filters import OrganizationFilter
from headgate.control.scoping import ReadOnly


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    """What administrators did; an organization's admins see what was done to theirs."""

    list_display = ("when", "actor", "action", "kind", "label", "organization")
    list_display_links = ("when",)
    list_select_related = ("organization",)
    list_filter = (OrganizationFilter, "action", "kind")
    search_fields = ("actor", "label", "object_id")
    fields = ("number", "when", "actor", "action", "kind", "object_id", "label", "organization", "details", "sha256")

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        """All of them."""
        return self.fields

    @display(description="When (UTC)", ordering="number")
    def when(self, entry: AuditEntry) -> str:
        """Return the moment."""
        return moment(entry.at)
