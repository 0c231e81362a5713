"""May this request go on? Key, policies and rate limits, before anything is held."""

from headgate.domain.errors import Fault
from headgate.domain.principal import Principal
from headgate.pipeline.config import Config
from headgate.pipeline.intake import Intake
from headgate.pipeline.plan import Plan
from headgate.pipeline.ports import Exceeded, RateLimiter
from headgate.pipeline.request import Request
from headgate.pipeline.story import Story
from headgate.policy.access import check_key
from headgate.policy.rate_limits import exceeded_error
from headgate.policy.rules import PolicySet
from headgate.policy.verdicts import first_block
from headgate.pricing.bound import input_bound, output_bound, token_bound
from headgate.pricing.tight import tightened
from headgate.routing.table import Target
from headgate.snapshot.contract import Organization


def admit_key(request: Request, principal: Principal, config: Config) -> Organization:
    """Let a key in, and find its organisation.

    Raises:
        NotAuthenticated, Forbidden: expired, switched off, or out of its scopes.
    """
    organization = config.organizations.get(principal.organization_id)
    refusal = check_key(principal, organization, scope=request.door.scope, now=request.arrived_at)
    if refusal is not None:
        raise refusal
    if organization is None:
        message = "a key without an organisation was admitted"
        raise Fault(message)
    return organization


def judge_call(policies: PolicySet | None, story: Story, intake: Intake, target: Target) -> None:
    """Ask the policies about the model, the provider, the task and who pays.

    Raises:
        Forbidden: in the name of a policy.
    """
    if policies is None:
        return
    verdicts = policies.judge_call(
        original_model=intake.model,
        request_model=target.model,
        provider=target.provider.name,
        attribution=story.attribution,
    )
    story.object(verdicts)
    if refusal := first_block(verdicts):
        raise refusal


def judge_size(policies: PolicySet | None, story: Story, request: Request, intake: Intake, plan: Plan) -> None:
    """Ask the policies about the size, looking closer where the first bound is too large.

    Raises:
        Forbidden: in the name of a policy.
    """
    if policies is None or not policies.sized or plan.shape is None:
        return
    card, shape = plan.tariff.card, plan.shape
    hold = plan.tariff.hold
    if card is None:
        verdicts = policies.judge_size(input_bound=None, output_bound=None, hold=hold)
    else:
        verdicts = policies.judge_size(
            input_bound=input_bound(card, shape), output_bound=output_bound(card, shape), hold=hold
        )
        if verdicts:
            closer = tightened(shape, intake.fields, request.door.format)
            verdicts = policies.judge_size(
                input_bound=input_bound(card, closer), output_bound=output_bound(card, closer), hold=hold
            )
    story.object(verdicts)
    if refusal := first_block(verdicts):
        raise refusal


async def count_request(limiter: RateLimiter, config: Config, story: Story, plan: Plan, *, now: float) -> None:
    """Count the request in every rate limit, or in none.

    Raises:
        LimitExceeded: one of them is reached.
    """
    counted = config.rate_limits.of(
        organization_id=story.principal.organization_id,
        key_id=story.principal.key_id,
        user=story.attribution.user,
        model=story.model,
        deployment_id=plan.target.deployment_id,
    )
    if not counted:
        return
    tokens = token_bound(plan.tariff.card, plan.shape) if plan.shape is not None else 0
    admitted = await limiter.admit(counted, tokens=tokens or 0, now=now)
    if isinstance(admitted, Exceeded):
        raise exceeded_error(admitted, tokens=tokens or 0)
    story.counted(limiter, admitted)
