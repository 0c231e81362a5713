"""What is decided of a request before anything is counted or held: pure, and the same for a call and for a quote."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from headgate.domain.errors import Forbidden
from headgate.domain.ids import DeploymentId
from headgate.domain.principal import Attribution, Principal
from headgate.domain.verdict import Verdict
from headgate.pipeline.attribution import asked_in_body, merged
from headgate.pipeline.config import Config
from headgate.pipeline.intake import Intake
from headgate.pipeline.plan import Plan, choose_target, price_plan, reshaped
from headgate.pipeline.request import Request
from headgate.policy.access import attribute
from headgate.policy.rules import PolicySet
from headgate.policy.verdicts import first_block
from headgate.pricing.bound import bounds_of
from headgate.pricing.tight import tightened
from headgate.routing.target import Target
from headgate.snapshot.contract import Organization


class Assessment(NamedTuple):
    """Where a request would go, what it may cost, and what policies say."""

    plan: Plan | None
    """None: a policy refused before a price was asked for."""
    verdicts: tuple[Verdict, ...]
    refusal: Forbidden | None


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """A request, and who asks."""

    request: Request
    intake: Intake
    attribution: Attribution
    organization: Organization
    keeper: DeploymentId | None = None
    """The deployment that keeps what the request goes on from; None: it begins anew, and may go anywhere."""


def asked_by(
    principal: Principal, request: Request, intake: Intake, organization: Organization, by_headers: Attribution
) -> Asking:
    """Put together who asks for what, and whom it is charged to: by the headers, where the body says nothing.

    Raises:
        BadRequest: a label in the body is too long.
    """
    in_body = asked_in_body(request.door.format, intake.fields)
    attribution = attribute(principal, merged(request.attribution, in_body)) if in_body else by_headers
    return Asking(request=request, intake=intake, attribution=attribution, organization=organization)


def assess(asking: Asking, config: Config, target: Target | None = None) -> Assessment:
    """Ask the policies about a deployment, and price the request there.

    `target` None: the one that is best whatever else is known.

    Raises:
        NotFound: no deployment serves the model.
        Unpriced: nothing is known of its price, and the organisation does not allow that.
        BadRequest: its cost could be more than an amount can say.
    """
    intake, organization = asking.intake, asking.organization
    policies = config.policies.of(organization.id)
    target = target or choose_target(intake, organization, config)
    if policies is None:
        return Assessment(price_plan(asking.request, intake, target, organization, config), (), None)
    verdicts = policies.judge_call(
        original_model=intake.model,
        request_model=target.model,
        provider=target.provider.name,
        attribution=asking.attribution,
    )
    if refusal := first_block(verdicts):
        return Assessment(None, verdicts, refusal)
    plan = price_plan(asking.request, intake, target, organization, config)
    of_size = tuple(_judge_size(policies, asking, plan, config))
    return Assessment(plan, verdicts + of_size, first_block(of_size))


def _judge_size(policies: PolicySet, asking: Asking, plan: Plan, config: Config) -> Iterable[Verdict]:
    """Look closer where the first bound is too large."""
    if not policies.sized or plan.shape is None:
        return ()
    input_tokens, output_tokens = bounds_of(plan.tariff.card, plan.shape)
    verdicts = policies.judge_size(input_bound=input_tokens, output_bound=output_tokens, hold=plan.tariff.hold)
    if not verdicts:
        return ()
    closer = reshaped(plan, tightened(plan.shape, asking.intake.fields, asking.request.door.format), config)
    assert closer.shape is not None
    input_tokens, output_tokens = bounds_of(closer.tariff.card, closer.shape)
    return policies.judge_size(input_bound=input_tokens, output_bound=output_tokens, hold=closer.tariff.hold)
