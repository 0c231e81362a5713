"""Where one request may go, best first: what routing says, with what this worker knows of deployments and prices."""

from headgate.domain.errors import Refused
from headgate.domain.money import NanoUsd
from headgate.domain.principal import Principal
from headgate.pipeline.assess import Asking
from headgate.pipeline.config import Config
from headgate.pipeline.health import Health
from headgate.pipeline.plan import nobody_serves, price_plan
from headgate.routing.candidates import Choice
from headgate.routing.plans import Asker, Conditions, compile_plan
from headgate.routing.target import Target


def choose(asking: Asking, principal: Principal, config: Config, health: Health, *, pick: float) -> Choice:
    """Order the deployments that serve a request. `pick`: chance, from 0 to 1.

    Raises:
        NotFound: none does.
    """
    organization = asking.organization

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
        pick=pick,
        asker=Asker(asking.attribution.user, principal.key_id, asking.request.id),
        conditions=Conditions(latency_of=health.latency_of, cost_of=cost_of, is_open=health.goes_last),
    )
    if not choice.targets:
        raise nobody_serves(asking.intake.model)
    return choice
