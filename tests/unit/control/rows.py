"""One row of every kind for an organization, and the pages that show them."""

from collections.abc import Callable
from typing import Any

from headgate.control.audit.operations import record
from headgate.control.budgets.models import Adjustment, Budget, Window
from headgate.control.budgets.operations import correct, create_budget
from headgate.control.deployments.models import Deployment, ProviderCredential
from headgate.control.deployments.operations import save_credential
from headgate.control.keys.operations import create_key
from headgate.control.ledger.models import CostEvent
from headgate.control.ledger.operations import post, register_owner
from headgate.control.organizations.models import App, Client, Organization, Project, Team
from headgate.control.policies.models import Policy
from headgate.control.pricing.operations import add_override
from headgate.control.ratelimits.models import RateLimit
from headgate.control.requestlog.models import RequestLog
from headgate.control.routes.models import Arm, Route
from headgate.domain.ids import OwnerId
from headgate.ledger.postings import OwnerPosting, cost_event, request_log
from tests.kit.books import card, logged, sent, settled


def post_request(organization: Organization, number: int = 1, *, key_id: str | None = None, **log: Any) -> str:
    """Post a request with its cost event; return its id."""
    request_id = f"aigw_{number}_{organization.name.lower()}"
    owner = OwnerId(f"{organization.name.lower()}-{number}")
    whom = {"organization_id": organization.pk, "key_id": key_id or "1" * 32, "request_id": request_id}
    register_owner(owner, "node", "boot")
    event = cost_event(sent(**whom), settled(request_id=request_id))
    row = request_log(logged(**whom, **log))
    post(OwnerPosting(owner_id=owner, posted_from=0, posted_to=1, low_watermark=1, events=(event,), logs=(row,)))
    return request_id


def make_credential(organization: Organization | None) -> ProviderCredential:
    name = f"credential of {organization or 'all'}"
    made = ProviderCredential(name=name, provider="openai", organization=organization)
    save_credential(made, plain="sk-upstream-0123456789")
    return made


def _group(model: type) -> Callable[[Organization], Any]:
    return lambda organization: model.objects.create(
        organization=organization, external_id=f"{organization.name}-x", name=f"{model.__name__} of {organization.name}"
    )


def _deployment(organization: Organization) -> Deployment:
    credential = make_credential(organization)
    return Deployment.objects.create(
        organization=organization, name=f"{organization.name}-gpt", provider="openai", credential=credential
    )


def _route(organization: Organization) -> Route:
    route = Route.objects.create(organization=organization, name=f"{organization.name}-fast")
    Arm.objects.create(route=route, model="gpt-4o")
    return route


def _budget(organization: Organization) -> Budget:
    return create_budget(name=f"of {organization.name}", scope="team", period="day", limit=1, organization=organization)


def _window(organization: Organization) -> Window:
    name = f"of {organization.name}"
    create_budget(name=name, scope="team", subject="search", period="day", limit=1, organization=organization)
    return Window.objects.get(organization=organization)


def _entry(organization: Organization) -> Adjustment:
    window = _window(organization)
    return correct(window.pk, 1, correction_id=window.pk[:80], reason="because", actor="root")


def _log(organization: Organization) -> RequestLog:
    return RequestLog.objects.get(pk=post_request(organization))


def _event(organization: Organization) -> CostEvent:
    return CostEvent.objects.get(request_id=post_request(organization))


ROWS: dict[str, Callable[[Organization], Any]] = {
    "organizations_organization": lambda organization: organization,
    "organizations_team": _group(Team),
    "organizations_project": _group(Project),
    "organizations_app": _group(App),
    "organizations_client": _group(Client),
    "keys_virtualkey": lambda organization: create_key(organization, f"key of {organization.name}").key,
    "deployments_deployment": _deployment,
    "deployments_providercredential": make_credential,
    "routes_route": _route,
    "policies_policy": lambda organization: Policy.objects.create(organization=organization, name="Production"),
    "pricing_pricecard": lambda organization: add_override(
        card(organization_id=organization.pk, model=f"model-{organization.name.lower()}")
    ),
    "budgets_budget": _budget,
    "budgets_window": _window,
    "budgets_adjustment": _entry,
    "ratelimits_ratelimit": lambda organization: RateLimit.objects.create(
        organization=organization, name=f"limit of {organization.name}", scope="user", requests_per_minute=1
    ),
    "requestlog_requestlog": _log,
    "ledger_costevent": _event,
    "audit_auditentry": lambda organization: record(
        "root", "changed", "organization", organization_id=organization.pk, label=organization.name
    ),
}
"""Page -> makes a row for an organization."""

CHANGED_BY_ORGANIZATION_ADMINS = {
    "organizations_organization",
    "organizations_team",
    "organizations_project",
    "organizations_app",
    "organizations_client",
    "keys_virtualkey",
    "deployments_deployment",
    "deployments_providercredential",
    "routes_route",
    "policies_policy",
    "ratelimits_ratelimit",
    "budgets_budget",
}
