"""Pages: policies, and what each of them would have blocked."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import display

from headgate.control.display import moment
from headgate.control.filters import OrganizationFilter
from headgate.control.policies.forms import PolicyForm
from headgate.control.policies.models import Policy
from headgate.control.policies.operations import delete_policies, save_policy
from headgate.control.policies.preview import DAYS, Preview, would_have_blocked
from headgate.control.scoping import Scoped
from headgate.policy.reasons import some

_MODES = {"enforced": "success", "shadow": "warning", "off": "info"}
SHOWN = 50


@admin.register(Policy)
class PolicyAdmin(Scoped):
    """Policies of an organization."""

    form = PolicyForm
    list_display = ("name", "organization", "mode", "models", "limits")
    list_select_related = ("organization",)
    list_filter = (OrganizationFilter,)
    search_fields = ("name",)
    change_form_after_template = "admin/policy_preview.html"  # type: ignore[assignment]  # the base says None
    fieldsets = (
        (None, {"fields": ("organization", "name", "enabled", "shadow")}),
        ("Models and providers", {"fields": ("allowed_models", "blocked_models", "allowed_providers")}),
        ("Who and what for", {"fields": ("allowed_tasks", "required_attribution")}),
        ("One request", {"fields": ("max_tokens_per_request", "max_cost_per_request_eur")}),
        ("A day", {"fields": ("max_cost_per_day_eur", "time_zone")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        """Keep a policy where it is."""
        return ("organization",) if obj else ()

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Show the policy with what it would have blocked."""
        policy = self.get_object(request, unquote(object_id))
        shown = preview_table(would_have_blocked(policy, now=timezone.now())) if policy is not None else None
        context = {**(extra_context or {}), "preview": shown}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @display(description="Mode", label=_MODES)
    def mode(self, policy: Policy) -> str:
        """Say whether it blocks anything."""
        if not policy.enabled:
            return "off"
        return "shadow" if policy.shadow else "enforced"

    @display(description="Models")
    def models(self, policy: Policy) -> str:
        """Return which models may be called."""
        allowed = some(policy.allowed_models) or "all"
        return f"{allowed}, not {some(policy.blocked_models)}" if policy.blocked_models else allowed

    @display(description="Limits")
    def limits(self, policy: Policy) -> str:
        """Return the limits that there are."""
        tokens, cost, day = policy.max_tokens_per_request, policy.max_cost_per_request_eur, policy.max_cost_per_day_eur
        given = [
            f"{tokens:,} tokens/request" if tokens is not None else "",
            f"{cost.normalize():f} EUR/request" if cost is not None else "",
            f"{day.normalize():f} EUR/day" if day is not None else "",
        ]
        return ", ".join(filter(None, given)) or "-"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002
        """Write and publish."""
        save_policy(obj, actor=str(request.user))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:  # noqa: ARG002
        """Delete and publish."""
        delete_policies([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:  # noqa: ARG002
        """Delete and publish, once."""
        delete_policies(queryset)


def preview_table(preview: Preview) -> dict[str, Any]:
    """Return the preview as the page shows it."""
    rows = [
        [objections.rule, objections.model, f"{objections.requests:,}", moment(objections.newest)]
        for objections in preview.objections[:SHOWN]
    ]
    return {
        "title": f"What it would have blocked in the last {DAYS} days",
        "judged": preview.judged,
        "blocked": preview.blocked,
        "whole": preview.whole,
        "hidden": max(0, len(preview.objections) - SHOWN),
        "table": {"headers": ["Rule", "Model", "Requests", "Newest (UTC)"], "rows": rows},
    }
