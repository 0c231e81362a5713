"""Everything that may refuse an attempt at one deployment, the cheapest first; at its end what it may cost is held."""

from typing import NamedTuple

from headgate.domain.errors import Fault, Refused
from headgate.ledger.budgets import Payer
from headgate.ledger.records import Sent
from headgate.pipeline.admit import count_request
from headgate.pipeline.assess import Asking, assess
from headgate.pipeline.attempt import Attempt
from headgate.pipeline.config import Config
from headgate.pipeline.doors import SPOKEN
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.holding import Case, Secured, secure_hold
from headgate.pipeline.media import MediaExchange
from headgate.pipeline.outside import Outside
from headgate.pipeline.overhearing import Overhearing
from headgate.pipeline.plan import Plan
from headgate.pipeline.story import Story
from headgate.routing.target import Target
from headgate.translate.meter_media import MEDIA


class NotHere(Exception):
    """This deployment cannot serve the request."""

    def __init__(self, refusal: Refused) -> None:
        """`refusal`: what the caller is told where no other can either."""
        super().__init__(refusal.message)
        self.refusal = refusal


class Prepared(NamedTuple):
    """An attempt that is paid for and may leave."""

    attempt: Attempt
    exchange: Exchange
    secured: Secured


async def prepare(
    asking: Asking, target: Target, number: int, config: Config, story: Story, outside: Outside
) -> Prepared:
    """Assess, count, hold, and put into the words of the provider.

    Args:
        asking: the request.
        target: the deployment.
        number: of the attempt, from 1.
        config: the snapshot in force.
        story: of the request.
        outside: the worker's ports.

    Raises:
        NotHere: another deployment may serve it.
        Refused: none may.
    """
    request, organization, principal = asking.request, asking.organization, story.principal
    plan = await _admitted(asking, target, config, story, outside)
    case = Case(
        request=request,
        intake=asking.intake,
        plan=plan,
        organization=organization,
        config=config,
        payer=Payer(principal.organization_id, principal.key_id, story.attribution),
        key_budgets=outside.keys.budgets(request.key_hash),
        critical=story.attribution.task in organization.critical_tasks,
    )
    secured = await secure_hold(case, outside.treasury)
    story.object(secured.verdicts)
    try:
        exchange = _exchange(asking, secured)
    except BaseException as error:
        outside.treasury.release(secured.hold.parts)
        if isinstance(error, Refused):
            raise NotHere(error) from error
        raise
    story.secured(degraded_to=secured.degraded_to, clamped_to=secured.clamped_to)
    attempt = Attempt(
        _sent(asking, number, secured, story, outside),
        secured.plan.target,
        secured.plan.tariff,
        secured.hold,
        prices=config.prices,
        journal=outside.journal,
        treasury=outside.treasury,
        clock=outside.clock,
        kept=outside.kept,
    )
    attempt.headers = [*story.limit_headers, *secured.headers()]
    if organization.capture_content and exchange.format in SPOKEN:
        exchange.meter = attempt.overhearing = Overhearing(exchange.meter, exchange.format)
    return Prepared(attempt, exchange, secured)


async def _admitted(asking: Asking, target: Target, config: Config, story: Story, outside: Outside) -> Plan:
    """What the request may cost there, once policies and rate limits let it in.

    Raises:
        NotHere: this deployment is not for it, or is full.
        LimitExceeded: one of its own rate limits is reached.
    """
    try:
        plan, verdicts, refused = assess(asking, config, target)
    except Refused as refusal:
        raise NotHere(refusal) from refusal
    story.object(verdicts)
    if refused is not None or plan is None:
        raise NotHere(refused) if refused else Fault("a request without a plan was not refused")
    if (full := await count_request(outside.limiter, config, story, plan, now=asking.request.arrived_at)) is not None:
        raise NotHere(full)
    return plan


def _exchange(asking: Asking, secured: Secured) -> Exchange:
    request, card = asking.request, secured.plan.tariff.card
    if request.door.format in MEDIA:
        return MediaExchange(
            request.door,
            secured.intake,
            secured.plan.target,
            card=card,
            shape=secured.plan.shape,
            created=int(request.arrived_at),
        )
    return Exchange(
        request.door,
        secured.intake,
        secured.plan.target,
        max_output=card.max_output if card else None,
        created=int(request.arrived_at),
        answer_id=request.id,
    )


def _sent(asking: Asking, number: int, secured: Secured, story: Story, outside: Outside) -> Sent:
    plan = secured.plan
    return Sent(
        request_id=asking.request.id,
        attempt=number,
        at=outside.clock.now(),
        organization_id=story.principal.organization_id,
        key_id=story.principal.key_id,
        attribution=story.attribution,
        endpoint=asking.request.door.path,
        provider=plan.target.provider.name,
        deployment_id=plan.target.deployment_id,
        original_model=story.model,
        request_model=plan.target.model,
        card_id=plan.tariff.card_id,
        hold=plan.tariff.hold,
        stream=secured.intake.stream,
        holds=secured.hold.parts,
    )
