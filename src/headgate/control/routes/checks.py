"""What a route must be like before it is written: every refusal names the field and the remedy."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from headgate.control.deployments.models import Deployment
from headgate.control.routes.models import Arm, Route
from headgate.providers.table import PROVIDERS, provider_of_model

Row = TypeVar("Row", Deployment, Route)
MOST_ARMS = 20
ANY_MODEL = "*"


def check_route(route: Route, arms: Sequence[Arm]) -> None:
    """Refuse what leads nowhere, or through another route.

    Raises:
        ValidationError: of the route's own fields by field, of its arms as a whole.
    """
    route.clean_fields(exclude={"organization"})
    route.validate_constraints()
    for arm in arms:
        arm.clean_fields(exclude={"route", "position"})
    check_arms(route, arms)


def check_arms(route: Route, arms: Sequence[Arm]) -> None:
    """Refuse arms that lead nowhere, or through another route.

    Raises:
        ValidationError: of all of them.
    """
    wrong = [complaint for arm in arms if (complaint := _leads_wrong(arm.model, route)) is not None]
    if complaints := [*_shape(arms), *_led_to(route), *wrong]:
        raise ValidationError(complaints)


def stray(route: Route, arms: Sequence[Arm]) -> list[str]:
    """Return the arms that lead nowhere by now, by name: their deployments went after they were written."""
    return [arm.title for arm in arms if _leads_wrong(arm.model, route) is not None]


def _shape(arms: Sequence[Arm]) -> Iterator[str]:
    if not arms:
        yield "Give at least one arm."
    if len(arms) > MOST_ARMS:
        yield f"Give at most {MOST_ARMS} arms."
    for title, count in Counter(arm.title for arm in arms).items():
        if count > 1:
            yield f"{count} arms are called {title!r}: reports could not tell them apart. Give each a name of its own."


def _led_to(route: Route) -> Iterator[str]:
    """Another route of the same owner must not come to lead through this one."""
    leading = Arm.objects.filter(route__organization_id=route.organization_id, model=route.name).exclude(
        route_id=route.pk
    )
    for arm in leading.select_related("route")[:1]:
        yield f"The route {arm.route.name!r} has an arm of this name, and arms lead to deployments only."


def _leads_wrong(model: str, route: Route) -> str | None:
    """What is wrong with an arm's model."""
    if model != route.name and _visible(Route.objects.filter(name=model), route).exclude(pk=route.pk).exists():
        return f"{model!r} is a route, and arms lead to deployments only. Write what that route leads to."
    if _visible(Deployment.objects.filter(name=model), route).exists() or _is_open(model, route):
        return None
    return (
        f"No deployment serves {model!r} here. Write the public name of a deployment, "
        "or <provider>/<model> for a provider that is set up for all of its models."
    )


def _is_open(model: str, route: Route) -> bool:
    """Whether an operator serves the name without a deployment that is called so."""
    named, slash, rest = model.partition("/")
    provider = PROVIDERS.get(named) if slash and rest else None
    provider = provider or provider_of_model(model)
    if provider is None:
        return False
    if _visible(Deployment.objects.filter(name=ANY_MODEL, provider=provider.name), route).exists():
        return True
    # The environment's variables are the gateways', which may run elsewhere: what they can set up is taken as set up.
    by_environment = bool(provider.key_variables or provider.base_url_variables)
    return by_environment and (route.organization is None or route.organization.shared_deployments)


def _visible(rows: "QuerySet[Row]", route: Route) -> "QuerySet[Row]":
    """Those rows that the route's organization may use."""
    owned = Q(organization_id=route.organization_id)
    if route.organization is not None and route.organization.shared_deployments:
        owned |= Q(organization_id=None)
    return rows.filter(owned)
