"""The path of one request, on one screen: identify, admit, plan, hold, journal, attempt, answer, settle, record."""

from headgate.domain.errors import Fault, GatewayError, Unavailable
from headgate.domain.principal import Principal
from headgate.ledger.records import Sent
from headgate.pipeline.answers import rejected, streamed, whole
from headgate.pipeline.attempt import Attempt
from headgate.pipeline.config import Config
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.identify import identify
from headgate.pipeline.intake import read_intake
from headgate.pipeline.plan import Plan, compile_plan
from headgate.pipeline.ports import Clock, Configs, Journal, JournalFullError, Keys, Upstream
from headgate.pipeline.request import Reply, Request
from headgate.pipeline.story import Story
from headgate.policy.access import attribute, check_key, check_model
from headgate.snapshot.contract import Organization


class Pipeline:
    """Runs requests; holds nothing that belongs to one of them."""

    def __init__(
        self, *, configs: Configs, keys: Keys, journal: Journal, upstream: Upstream, clock: Clock, drain_s: float
    ):
        """Take the ports. `drain_s`: how long an answer is read on after its client hung up."""
        self._configs = configs
        self._keys = keys
        self._journal = journal
        self._upstream = upstream
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
            return await self._governed(request, principal, config, story)
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

    async def _governed(self, request: Request, principal: Principal, config: Config, story: Story) -> Reply:
        organization = _admit(request, principal, config)
        intake = read_intake(request.door, request.body)
        story.took(intake)
        if refusal := check_model(principal, intake.model):
            raise refusal
        plan = compile_plan(request, intake, organization, config)
        target, tariff = plan
        exchange = Exchange(
            request.door,
            intake,
            target,
            max_output=tariff.card.max_output if tariff.card else None,
            created=int(request.arrived_at),
        )
        sent = self._sent(request, principal, story, plan, intake.model, stream=intake.stream)
        attempt = Attempt(sent, target, tariff, config.prices, self._journal, self._clock)
        story.tries(attempt)
        headers = target.headers(exchange.format, request.headers) | {
            "x-request-id": request.id,
            "x-headgate-attempt": "1",
        }
        answer = await attempt.send(self._upstream, target.url(exchange.format), headers, exchange.body)
        story.answered()
        if answer.status >= 300:
            return await rejected(exchange, attempt, answer, story)
        if intake.stream:
            return await streamed(exchange, attempt, answer, story, self._clock, self._drain_s)
        return await whole(exchange, attempt, answer, story)

    def _sent(
        self, request: Request, principal: Principal, story: Story, plan: Plan, original_model: str, *, stream: bool
    ) -> Sent:
        return Sent(
            request_id=request.id,
            attempt=1,
            at=self._clock.now(),
            organization_id=principal.organization_id,
            key_id=principal.key_id,
            attribution=story.attribution,
            endpoint=request.door.path,
            provider=plan.target.provider.name,
            deployment_id=plan.target.deployment_id,
            original_model=original_model,
            request_model=plan.target.model,
            card_id=plan.tariff.card_id,
            hold=plan.tariff.hold,
            stream=stream,
        )


def _admit(request: Request, principal: Principal, config: Config) -> Organization:
    organization = config.organizations.get(principal.organization_id)
    refusal = check_key(principal, organization, scope=request.door.scope, now=request.arrived_at)
    if refusal is not None:
        raise refusal
    if organization is None:
        message = "a key without an organisation was admitted"
        raise Fault(message)
    return organization
