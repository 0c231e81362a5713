"""Where a request goes, and what it may cost there."""

import datetime as dt
from typing import NamedTuple

from headgate.domain.errors import BadRequest, NotFound, Unpriced
from headgate.domain.money import LARGEST_NANO, NanoUsd
from headgate.pipeline.attempt import Tariff
from headgate.pipeline.config import Config
from headgate.pipeline.intake import Intake
from headgate.pipeline.request import Request
from headgate.pricing.book import CompiledCard
from headgate.pricing.bound import shape_of, upper_bound
from headgate.routing.table import Target
from headgate.snapshot.contract import Organization


class Plan(NamedTuple):
    """The deployment to call and the price of calling it."""

    target: Target
    tariff: Tariff


def compile_plan(request: Request, intake: Intake, organization: Organization, config: Config) -> Plan:
    """Choose the deployment and price the request before it leaves.

    Raises:
        NotFound: no deployment serves the model.
        Unpriced: its cost cannot be bounded, and the organisation does not allow that.
        BadRequest: its cost could be more than an amount can say.
    """
    targets = config.routes.targets(
        intake.model, organization_id=organization.id, shared=organization.shared_deployments
    )
    if not targets:
        raise NotFound(
            f"No deployment serves model {intake.model!r}; GET /v1/models lists what this key may use.",
            code="model_not_found",
            param="model",
        )
    target = targets[0]
    if request.door.free:
        return Plan(target, Tariff(card=None, hold=NanoUsd(0), free=True))
    card = config.prices.card_for(
        provider=target.provider.price_provider,
        model=target.model,
        organization_id=organization.id,
        at=dt.datetime.fromtimestamp(request.arrived_at, dt.UTC),
    )
    if card is None and not organization.unpriced_allowed:
        raise Unpriced(
            f"Model {intake.model!r} has no price at {target.provider.title}, so its cost cannot be bounded; "
            "an admin can add a price card.",
            code="model_unpriced",
            param="model",
        )
    return Plan(target, Tariff(card=card, hold=_hold(card, request, intake, target)))


def _hold(card: CompiledCard | None, request: Request, intake: Intake, target: Target) -> NanoUsd | None:
    if card is None:
        return None
    shape = shape_of(request.door.format, intake.fields, request.body, target.provider)
    hold = upper_bound(card, shape)
    if hold is not None and hold > LARGEST_NANO:
        message = "This request could cost more than any amount that can be recorded; lower 'max_tokens'."
        raise BadRequest(message, code="cost_unbounded", param="max_tokens")
    return hold
