"""The path of one request, on one screen: identify, admit, plan, hold, journal, attempt, answer, settle, record."""

from headgate.domain.errors import Fault, GatewayError, Unavailable
from headgate.ledger.budgets import Payer
from headgate.ledger.records import Sent
from headgate.pipeline.admit import admit_key, count_request
from headgate.pipeline.answers import Feeder, rejected, streamed, whole
from headgate.pipeline.assess import Asking, asked_by, assess
from headgate.pipeline.attempt import Attempt
from headgate.pipeline.config import Config
from headgate.pipeline.cut import PaidStream
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.holding import Case, Secured, secure_hold
from headgate.pipeline.identify import identify
from headgate.pipeline.intake import read_intake
from headgate.pipeline.ports import (
    Clock,
    Configs,
    Journal,
    JournalFullError,
    Keys,
    RateLimiter,
    Replays,
    Upstream,
)
from headgate.pipeline.replay import KEY_HEADER, once
from headgate.pipeline.request import Reply, Request
from headgate.pipeline.story import Story
from headgate.pipeline.topup import TopUp
from headgate.pipeline.treasury import Treasury
from headgate.policy.access import attribute, check_model


class Pipeline:
    """Runs requests; holds nothing that belongs to one of them."""

    def __init__(
        self,
        *,
        configs: Configs,
        keys: Keys,
        journal: Journal,
        upstream: Upstream,
        treasury: Treasury,
        limiter: RateLimiter,
        replays: Replays,
        clock: Clock,
        drain_s: float,
    ) -> None:
        """Take the ports. `drain_s`: how long an answer is read on after its client hung up."""
        self._configs = configs
        self._keys = keys
        self._journal = journal
        self._upstream = upstream
        self._treasury = treasury
        self._limiter = limiter
        self._replays = replays
        self._clock = clock
        self._drain_s = drain_s

    async def run(self, request: Request) -> Reply:
        """Answer one request.

        Raises:
            GatewayError: for the door to render; it is recorded already.
        """
        config = self._configs.current()
        principal = await identify(self._keys, request.key_hash)
        story = Story(request, principal, attribute(principal, request.attribution), self._journal, self._clock)
        try:
            return await self._governed(request, config, story)
        except JournalFullError as error:
            full = Unavailable("Requests cannot be recorded right now.", code="journal_full", retry_after_s=5)
            story.end_with(full)
            raise full from error
        except GatewayError as error:
            story.end_with(error)
            raise
        except BaseException as error:
            story.end_with(Fault(repr(error)))
            raise

    async def _governed(self, request: Request, config: Config, story: Story) -> Reply:
        principal = story.principal
        organization = admit_key(request, principal, config)
        intake = read_intake(request.door, request.body)
        story.took(intake)
        asking = asked_by(principal, request, intake, organization, story.attribution)
        story.attribution = asking.attribution
        if refusal := check_model(principal, intake.model):
            raise refusal
        if KEY_HEADER in request.headers:
            return await once(self._replays, request, principal, story, lambda: self._answer(asking, config, story))
        return await self._answer(asking, config, story)

    async def _answer(self, asking: Asking, config: Config, story: Story) -> Reply:
        request = asking.request
        secured = await self._secure(asking, config, story)
        plan = secured.plan
        target, tariff = plan.target, plan.tariff
        try:
            exchange = Exchange(
                request.door,
                secured.intake,
                target,
                max_output=tariff.card.max_output if tariff.card else None,
                created=int(request.arrived_at),
            )
        except BaseException:
            self._treasury.release(secured.hold.parts)
            raise
        attempt = Attempt(
            self._sent(request, story, secured),
            target,
            tariff,
            secured.hold,
            prices=config.prices,
            journal=self._journal,
            treasury=self._treasury,
            clock=self._clock,
        )
        attempt.headers = [*story.limit_headers, *secured.headers()]
        story.tries(attempt)
        headers = target.headers(exchange.format, request.headers) | {
            "x-request-id": request.id,
            "x-headgate-attempt": "1",
        }
        url = target.url(exchange.format, stream=secured.intake.stream)
        answer = await attempt.send(self._upstream, url, headers, exchange.body)
        story.answered()
        if answer.status >= 300:
            return await rejected(exchange, attempt, answer, story)
        if secured.intake.stream:
            feeder = self._feeder(exchange, attempt, secured, config)
            return await streamed(feeder, attempt, answer, story, self._clock, self._drain_s)
        return await whole(exchange, attempt, answer, story)

    def _feeder(self, exchange: Exchange, attempt: Attempt, secured: Secured, config: Config) -> Feeder:
        if secured.part is None:
            return Feeder(exchange, None)
        top_up = TopUp(secured.part, attempt, config, journal=self._journal, treasury=self._treasury)
        part = secured.part
        return Feeder(
            exchange, PaidStream(exchange, paid=part.paid, most=part.most, more=top_up.more, prompt=part.prompt())
        )

    async def _secure(self, asking: Asking, config: Config, story: Story) -> Secured:
        """Everything else that may refuse the request, the cheapest first; at its end what it may cost is held."""
        request, organization, principal = asking.request, asking.organization, story.principal
        plan, verdicts, refused = assess(asking, config)
        story.object(verdicts)
        if refused is not None or plan is None:
            raise refused or Fault("a request without a plan was not refused")
        await count_request(self._limiter, config, story, plan, now=request.arrived_at)
        payer = Payer(principal.organization_id, principal.key_id, story.attribution)
        case = Case(
            request=request,
            intake=asking.intake,
            plan=plan,
            organization=organization,
            config=config,
            payer=payer,
            key_budgets=self._keys.budgets(request.key_hash),
            critical=story.attribution.task in organization.critical_tasks,
        )
        secured = await secure_hold(case, self._treasury)
        story.object(secured.verdicts)
        story.secured(degraded_to=secured.degraded_to, clamped_to=secured.clamped_to)
        return secured

    def _sent(self, request: Request, story: Story, secured: Secured) -> Sent:
        plan = secured.plan
        return Sent(
            request_id=request.id,
            attempt=1,
            at=self._clock.now(),
            organization_id=story.principal.organization_id,
            key_id=story.principal.key_id,
            attribution=story.attribution,
            endpoint=request.door.path,
            provider=plan.target.provider.name,
            deployment_id=plan.target.deployment_id,
            original_model=story.model,
            request_model=plan.target.model,
            card_id=plan.tariff.card_id,
            hold=plan.tariff.hold,
            stream=secured.intake.stream,
            holds=secured.hold.parts,
        )
