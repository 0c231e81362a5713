"""Where a request goes, and what it may cost there."""

import datetime as dt
from typing import NamedTuple

from headgate.domain.errors import BadRequest, NotFound, Unpriced
from headgate.domain.money import LARGEST_NANO, NanoUsd
from headgate.pipeline.config import Config
from headgate.pipeline.intake import Intake
from headgate.pipeline.request import Request
from headgate.pipeline.tariff import Tariff
from headgate.pricing.bound import shape_of, upper_bound
from headgate.pricing.request_shape import RequestShape
from headgate.routing.target import Target
from headgate.snapshot.contract import Organization


class Plan(NamedTuple):
    """The deployment to call and the price of calling it."""

    target: Target
    tariff: Tariff
    shape: RequestShape | None
    """What bounds the cost; None where nobody bills anything."""


def choose_target(intake: Intake, organization: Organization, config: Config) -> Target:
    """The deployment that is best whatever else is known.

    Raises:
        NotFound: no deployment serves the model.
    """
    targets = config.routes.targets(
        intake.model, organization_id=organization.id, shared=organization.shared_deployments
    )
    if not targets:
        raise nobody_serves(intake.model)
    return targets[0]


def nobody_serves(model: str) -> NotFound:
    """What to say of a model name that leads nowhere."""
    return NotFound(
        f"No deployment serves model {model!r}; GET /v1/models lists what this key may use.",
        code="model_not_found",
        param="model",
    )


def price_plan(request: Request, intake: Intake, target: Target, organization: Organization, config: Config) -> Plan:
    """Price a request before it leaves.

    Raises:
        Unpriced: nothing is known of its price, and the organisation does not allow that.
        BadRequest: its cost could be more than an amount can say.
    """
    if request.door.free:
        return Plan(target, Tariff(card=None, hold=NanoUsd(0), free=True), None)
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
    shape = shape_of(request.door.format, intake.fields, request.body, target.provider)
    if card is None:
        return Plan(target, Tariff(card=None, hold=None), shape)
    return reshaped(Plan(target, Tariff(card=card, hold=None), shape), shape, config)


def reshaped(plan: Plan, shape: RequestShape, config: Config) -> Plan:
    """The plan with the hold that another shape of the same request comes to.

    Raises:
        BadRequest: its cost could be more than an amount can say.
    """
    target, card = plan.target, plan.tariff.card
    hold = None if card is None else upper_bound(card, shape)
    if hold is not None:
        hold = config.widenings.widened(target.provider.price_provider, target.model, hold)
        if hold > LARGEST_NANO:
            field = shape.limit_field
            message = f"This request could cost more than any amount that can be recorded; lower {field!r}."
            raise BadRequest(message, code="cost_unbounded", param=field)
    return Plan(target, Tariff(card=card, hold=hold), shape)
