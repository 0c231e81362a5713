"""The look of the admin pages: name, colours, sidebar."""

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def superuser_only(request: HttpRequest) -> bool:
    """Say whether the installation's operator is looking."""
    return bool(request.user.is_superuser)


def staff_only(request: HttpRequest) -> bool:
    """Say whether the admin lets its reader in."""
    return bool(request.user.is_active and request.user.is_staff)


def dev_tools(request: HttpRequest) -> bool:  # noqa: ARG001 - it is for everybody who is signed in
    """Say whether there are the pages for developers."""
    return bool(settings.DEV_TOOLS)


def _item(title: str, icon: str, page: str, *, operator: bool = False) -> dict[str, Any]:
    """A page of the admin."""
    who = "superuser_only" if operator else "staff_only"
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{page}"),
        "permission": f"headgate.control.navigation.{who}",
    }


def _page(title: str, icon: str, page: str, *, staff: bool = False) -> dict[str, Any]:
    """A page of our own, for everybody or for staff."""
    link = reverse_lazy(f"pages:{page}")
    item: dict[str, Any] = {"title": title, "icon": icon, "link": link, "active": partial(is_at, link)}
    return {**item, "permission": "headgate.control.navigation.staff_only"} if staff else item


def is_at(link: object, request: HttpRequest) -> bool:
    """Say whether a page is the one of a link, or below it: `/admin/ai-analytics/` is not below `/admin/ai`."""
    return f"{request.path}/".startswith(f"{str(link).rstrip('/')}/")


def _group(title: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(items)}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Headgate",
    "SITE_HEADER": "Headgate",
    "SITE_SUBHEADER": "AI gateway",
    "SITE_SYMBOL": "water_lux",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("headgate/icon.svg")}],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": True,
    "DASHBOARD_CALLBACK": "headgate.control.dashboard.dashboard",
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            _group(
                "Traffic",
                _item("Overview", "monitoring", "index"),
                _page("AI Analytics Dashboard", "insights", "analytics", staff=True),
                _item("Requests", "list_alt", "requestlog_requestlog_changelist"),
                _item("Cost events", "receipt_long", "ledger_costevent_changelist"),
            ),
            _group(
                "Access",
                _page("Governance", "shield_person", "governance", staff=True),
                _item("Virtual keys", "key", "keys_virtualkey_changelist"),
                _item("Policies", "policy", "policies_policy_changelist"),
                _item("Rate limits", "speed", "ratelimits_ratelimit_changelist"),
                _item("Organizations", "domain", "organizations_organization_changelist"),
                _item("Teams", "groups", "organizations_team_changelist"),
                _item("Projects", "folder", "organizations_project_changelist"),
                _item("Apps", "apps", "organizations_app_changelist"),
                _item("Clients", "handshake", "organizations_client_changelist"),
            ),
            _group(
                "Providers",
                _item("Deployments", "dns", "deployments_deployment_changelist"),
                _item("Routes", "alt_route", "routes_route_changelist"),
                _item("Provider credentials", "lock", "deployments_providercredential_changelist"),
                _item("Price cards", "sell", "pricing_pricecard_changelist"),
                _item("Widened bounds", "expand", "pricing_widening_changelist", operator=True),
            ),
            _group(
                "Money",
                _page("Costs", "payments", "costs"),
                _item("Budgets", "savings", "budgets_budget_changelist"),
                _item("Windows", "date_range", "budgets_window_changelist"),
                _item("Adjustments", "edit_note", "budgets_adjustment_changelist"),
                _item("Exchange rates", "currency_exchange", "currencies_exchangerate_changelist", operator=True),
            ),
            _group(
                "People",
                _item("Users", "person", "organizations_user_changelist", operator=True),
                _item("Audit trail", "history", "audit_auditentry_changelist"),
            ),
            _group(
                "You",
                _page("My account", "account_circle", "account"),
                _page("Live usage", "speed", "dev_usage") | {"permission": "headgate.control.navigation.dev_tools"},
            ),
        ],
    },
}
