"""`/admin/ai`: an organization's gateway at a glance, for those who administrate it; lists of all are a click away."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from headgate.control.budgets.display import amount, limit_of
from headgate.control.budgets.today import BudgetStanding, standings
from headgate.control.deployments.models import Deployment, ProviderCredential
from headgate.control.display import moment, usd
from headgate.control.keys.models import VirtualKey
from headgate.control.organizations.models import Organization
from headgate.control.organizations.queries import administrated_by
from headgate.control.pages.bars import bar
from headgate.control.pages.key_rows import key_row
from headgate.control.pages.organizations import chosen
from headgate.control.pages.recent import recent_requests
from headgate.control.pages.shell import page_of, show, signed_in
from headgate.control.policies.models import Policy
from headgate.control.policies.preview import DAYS, Preview, would_have_blocked_each
from headgate.control.requestlog.models import RequestLog
from headgate.control.rollups.key_use import KeyUse, use_of_keys
from headgate.control.rollups.queries import Seen, Span, totals
from headgate.control.tracking import costs_shown
from headgate.domain.errors import Forbidden
from headgate.policy.reasons import some

SHOWN = 10
RECENT = 20
USED_DAYS = 30
WORKING_KEYS = 200
"""Newest keys that work among which the most used ones are looked for."""
SAMPLE = 1_000
"""Newest requests that policies are tried on; a policy's own page tries more of them."""
_ADMINS_ONLY = (
    "This is for staff who administrate an organization: the operator makes a user staff, and gives him a role."
)
_MODES = {"enforced": "hg-badge-green", "shadow": "hg-badge-yellow", "off": "hg-badge-blue"}


def governed(request: HttpRequest) -> list[Organization]:
    """Return the organizations that the person administrates, by name; none only before the operator added one.

    Raises:
        Forbidden: he administrates none.
    """
    found = list(administrated_by(signed_in(request)).order_by("name"))
    if not found and not signed_in(request).is_superuser:
        raise Forbidden(_ADMINS_ONLY, code="admins_only")
    return found


@page_of
def page(request: HttpRequest) -> HttpResponse:
    """Show the organization that the person works in, or the first that he administrates."""
    offered, now = governed(request), timezone.now()
    organization = chosen(request, offered)
    if organization is None:
        add = reverse("admin:organizations_organization_add")
        return show(request, "headgate/governance.html", "AI Gateway", {"organization": None, "add": add})
    most_used = request.GET.get("keys") == "used"
    context = {
        "organization": organization,
        "organizations": offered,
        "operator": signed_in(request).is_superuser,
        "cards": _cards(organization, now),
        "budgets": [_budget(each) for each in _standings(organization, now)] if costs_shown() else [],
        "keys": _keys(organization, now, most_used=most_used),
        "most_used": most_used,
        "used_days": USED_DAYS,
        "policies": _policies(organization, now),
        "preview_days": DAYS,
        "requests": recent_requests(_newest(organization), decisions=True),
        "credentials": [_credential(each) for each in _of(ProviderCredential, organization)],
        "deployments": [_deployment(each) for each in _of(Deployment, organization)],
        "costs_shown": costs_shown(),
        "links": _links(organization),
    }
    return show(request, "headgate/governance.html", "AI Gateway", context)


def _links(organization: Organization) -> dict[str, str]:
    """Return lists of everything of the organization, and forms for what is new in it."""
    pages = {
        "keys": "keys_virtualkey",
        "policies": "policies_policy",
        "requests": "requestlog_requestlog",
        "credentials": "deployments_providercredential",
        "deployments": "deployments_deployment",
        "budgets": "budgets_budget",
        "audit": "audit_auditentry",
    }
    own = f"?organization={organization.pk}"
    lists = {name: reverse(f"admin:{page}_changelist") + own for name, page in pages.items()}
    added = ("keys", "policies", "credentials", "deployments", "budgets")
    new = {f"new_{name}": reverse(f"admin:{pages[name]}_add") + own for name in added}
    settings = reverse("admin:organizations_organization_change", args=[organization.pk])
    return {**lists, **new, "settings": settings, "costs": f"/costs?source=AI&orgId={organization.pk}"}


def _cards(organization: Organization, now: dt.datetime) -> list[dict[str, str]]:
    today = totals(Seen(frozenset({str(organization.pk)})), Span.last_days(1, now))
    costs = f"/costs?source=AI&orgId={organization.pk}&days=1"
    cost = [{"title": "Cost today", "value": usd(today.amount_nano), "href": costs}] if costs_shown() else []
    return [
        *cost,
        {"title": "Requests today", "value": f"{today.requests:,}"},
        {"title": "Refused today", "value": f"{today.refused:,}", "note": "by keys, policies, budgets, rate limits"},
        {"title": "Failed today", "value": f"{today.errors:,}"},
    ]


def _standings(organization: Organization, now: dt.datetime) -> list[BudgetStanding]:
    found, _ = standings(str(organization.pk), now)
    return sorted(found, key=lambda each: each.fullness, reverse=True)[:SHOWN]


def _budget(standing: BudgetStanding) -> dict[str, Any]:
    budget = standing.budget
    figures = f"{amount(budget.unit, standing.spent)} spent, {amount(budget.unit, standing.held)} held"
    return {
        "name": budget.name,
        "limit": f"{limit_of(budget)} per {budget.period}" + (" (shadow)" if budget.shadow else ""),
        "bar": bar(standing.percent_used, f"{standing.percent_used} %: {figures}"),
        "resets": moment(standing.ends_at) if standing.ends_at else "never",
        "href": reverse("admin:budgets_budget_change", args=[budget.pk]),
    }


def _keys(organization: Organization, now: dt.datetime, *, most_used: bool) -> list[dict[str, Any]]:
    rows = VirtualKey.objects.filter(organization=organization, session_key=None, revoked_at=None)
    found = list(rows.order_by("-created_at", "pk")[: WORKING_KEYS if most_used else SHOWN])
    used = use_of_keys(str(organization.pk), [key.pk for key in found], Span.last_days(USED_DAYS, now))
    if most_used:
        found.sort(key=lambda key: used[key.pk].requests if key.pk in used else 0, reverse=True)
    return [_key(key, used.get(key.pk), now) for key in found[:SHOWN]]


def _key(key: VirtualKey, used: KeyUse | None, now: dt.datetime) -> dict[str, Any]:
    return {
        **key_row(key, now),
        "owner": key.defaults.get("user", "") if "user" in key.locked else "",
        "used": _used(used) if used else "not used",
        "cost": usd(used.amount_nano) if used else usd(0),
        "href": reverse("admin:keys_virtualkey_change", args=[key.pk]),
    }


def _used(used: KeyUse) -> str:
    return f"{used.requests:,} request{'' if used.requests == 1 else 's'}, last on {used.last_day}"


def _policies(organization: Organization, now: dt.datetime) -> list[dict[str, Any]]:
    found = list(Policy.objects.filter(organization=organization).order_by("name")[:SHOWN])
    if not found:
        return []
    previews = would_have_blocked_each(found, str(organization.pk), now=now, sample=SAMPLE)
    return [_policy(policy, preview) for policy, preview in zip(found, previews, strict=True)]


def _policy(policy: Policy, preview: Preview) -> dict[str, Any]:
    mode = ("shadow" if policy.shadow else "enforced") if policy.enabled else "off"
    judged = f"{preview.judged:,}" if preview.whole else f"the newest {preview.judged:,}"
    return {
        "name": policy.name,
        "href": reverse("admin:policies_policy_change", args=[policy.pk]),
        "mode": mode,
        "badge": _MODES[mode],
        "allowed": some(policy.allowed_models) or "all",
        "blocked": some(policy.blocked_models) or "none",
        "cost": _euros(policy.max_cost_per_day_eur),
        "tokens": f"{policy.max_tokens_per_request:,}" if policy.max_tokens_per_request is not None else "-",
        "preview": f"{preview.blocked:,} of {judged}",
    }


def _euros(figure: Decimal | None) -> str:
    return "-" if figure is None else f"{figure.normalize():f} EUR"


def _newest(organization: Organization) -> Sequence[RequestLog]:
    return list(RequestLog.objects.filter(organization=organization).order_by("-occurred_at", "-request_id")[:RECENT])


def _of(kind: Any, organization: Organization) -> list[Any]:
    return list(kind.objects.filter(organization=organization).order_by("name", "pk")[:SHOWN])


def _credential(credential: ProviderCredential) -> dict[str, str]:
    return {
        "name": credential.name,
        "provider": credential.provider,
        "ending": f"…{credential.hint}",
        "rotated": moment(credential.rotated_at or credential.created_at),
        "href": reverse("admin:deployments_providercredential_change", args=[credential.pk]),
    }


def _deployment(deployment: Deployment) -> dict[str, Any]:
    return {
        "name": deployment.name,
        "provider": deployment.provider,
        "model": deployment.model or "as asked",
        "enabled": deployment.enabled,
        "href": reverse("admin:deployments_deployment_change", args=[deployment.pk]),
    }
