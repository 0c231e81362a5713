"""Deployments and routes as a route table takes them."""

from headgate.domain.ids import DeploymentId
from headgate.providers.table import PROVIDERS
from headgate.routing.table import Route
from headgate.snapshot.contract import Arm, Deployment, RouteRule, Strategy

ACME, OTHER = "a" * 32, "b" * 32


def route(
    name: str, id_: str, *, organization: str | None = None, provider: str = "openai", **changes: object
) -> Route:
    """A deployment of an operator, with a credential."""
    fields = {"id": DeploymentId(id_), "organization_id": organization, "name": name, "provider": provider} | changes
    return Route(
        deployment=Deployment(**fields), provider=PROVIDERS[provider], base_url="https://up.example", credential="sk"
    )


def rule(name: str, *models: str | tuple[str, int], organization: str | None = None, **changes: object) -> RouteRule:
    """A route by priority over these models, or models with weights; each arm is called after its model."""
    weighted = [(model, 1) if isinstance(model, str) else model for model in models]
    fields = {
        "id": f"route-{name}",
        "organization_id": organization,
        "name": name,
        "strategy": Strategy.PRIORITY,
        "arms": tuple(Arm(name=model, model=model, weight=weight) for model, weight in weighted),
    } | changes
    return RouteRule(**fields)
