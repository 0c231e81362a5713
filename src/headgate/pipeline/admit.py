"""May this request go on? Keys and rate limits, before anything is held."""

from headgate.domain.errors import Fault, LimitExceeded
from headgate.domain.principal import Principal
from headgate.pipeline.config import Config
from headgate.pipeline.plan import Plan
from headgate.pipeline.ports import Exceeded, RateLimiter
from headgate.pipeline.request import Request
from headgate.pipeline.story import Story
from headgate.policy.access import ORGANIZATION_HEADER, check_key, check_organization
from headgate.policy.rate_limit_headers import exceeded_headers
from headgate.policy.rate_limits import exceeded_error
from headgate.pricing.bound import token_bound
from headgate.snapshot.contract import Organization


def admit_key(request: Request, principal: Principal, config: Config) -> Organization:
    """Let a key in, and find its organisation.

    Raises:
        NotAuthenticated, Forbidden: expired, switched off, out of its scopes, or of another organisation than it says.
    """
    organization = config.organizations.get(principal.organization_id)
    refusal = check_key(principal, organization, scope=request.door.scope, now=request.arrived_at)
    if refusal is not None:
        raise refusal
    if organization is None:
        message = "a key without an organisation was admitted"
        raise Fault(message)
    if mismatch := check_organization(organization, request.headers.get(ORGANIZATION_HEADER)):
        raise mismatch
    return organization


async def count_request(
    limiter: RateLimiter, config: Config, story: Story, plan: Plan, *, now: float
) -> LimitExceeded | None:
    """Count the request in every rate limit, or in none: in its own once, in those of every deployment that is tried.

    Returns:
        Why this deployment cannot take it now; another one may.

    Raises:
        LimitExceeded: one of its own limits is reached.
    """
    counted = config.rate_limits.of(
        organization_id=story.principal.organization_id,
        key_id=story.principal.key_id,
        user=story.attribution.user,
        model=story.model,
        deployment_id=plan.target.deployment_id,
    )
    if story.is_counted:
        counted = tuple([each for each in counted if each.rule.scope == "deployment"])
    if not counted:
        return None
    tokens = token_bound(plan.tariff.card, plan.shape) if plan.shape is not None else 0
    admitted = await limiter.admit(counted, tokens=tokens or 0, now=now)
    if isinstance(admitted, Exceeded):
        error = exceeded_error(admitted, tokens=tokens or 0, headers=exceeded_headers(admitted))
        if admitted.counted.rule.scope == "deployment":
            return error
        raise error
    story.counted(limiter, admitted)
    return None
