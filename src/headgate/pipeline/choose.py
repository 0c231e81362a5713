"""Where one request may go, best first: what routing says, with what this worker knows of deployments and prices."""

from collections.abc import Callable

from headgate.domain.errors import Refused
from headgate.domain.money import NanoUsd
from headgate.domain.principal import Principal
from headgate.pipeline.assess import Asking
from headgate.pipeline.config import Config
from headgate.pipeline.health import Health
from headgate.pipeline.kept import only_at
from headgate.pipeline.plan import nobody_serves, price_plan
from headgate.routing.candidates import Choice
from headgate.routing.plans import Asker, Conditions, compile_plan
from headgate.routing.target import Target


def choose(
    asking: Asking, principal: Principal, config: Config, health: Health, *, chance: Callable[[], float]
) -> Choice:
    """Order the deployments that serve a request.

    Raises:
        NotFound: none does, or not the one that keeps what the request goes on from.
    """
    organization = asking.organization
    found = config.routes.find(
        asking.intake.model, organization_id=organization.id, shared=organization.shared_deployments
    )
    if found.settled is not None and len(found.settled.targets) == 1:
        # The usual name leads to one deployment: there is nothing to ask.
        return found.settled

    def cost_of(target: Target) -> NanoUsd | None:
        try:
            return price_plan(asking.request, asking.intake, target, organization, config).tariff.hold
        except Refused:
            return None

    choice = compile_plan(
        config.routes,
        asking.intake.model,
        organization_id=organization.id,
        shared=organization.shared_deployments,
        pick=chance(),
        asker=Asker(asking.attribution.user, principal.key_id, asking.request.id),
        conditions=Conditions(latency_of=health.latency_of, cost_of=cost_of, is_open=health.goes_last),
    )
    if not choice.targets:
        raise nobody_serves(asking.intake.model)
    if asking.keeper is not None:
        keeper = config.routes.deployment(
            asking.keeper, organization_id=organization.id, shared=organization.shared_deployments
        )
        return only_at(choice, keeper, param=asking.request.door.continues)
    return choice
