"""Answers `POST /v1/quote`: the decisions of a call, with nothing counted, held, sent or recorded."""

import msgspec

from headgate.domain.errors import Fault, Unpriced
from headgate.ledger.budgets import CalendarEndedError, InForce, Payer
from headgate.pipeline.admit import admit_key
from headgate.pipeline.assess import Asking, asked_by
from headgate.pipeline.bounding import bounded
from headgate.pipeline.config import Config
from headgate.pipeline.explain import Quote, quote
from headgate.pipeline.foresee import foresee
from headgate.pipeline.health import Health
from headgate.pipeline.identify import identify
from headgate.pipeline.intake import read_intake
from headgate.pipeline.kept import keeper_of
from headgate.pipeline.plan import Plan
from headgate.pipeline.ports import Clock, Configs, KeptAnswers, Keys
from headgate.pipeline.request import Request, received
from headgate.pipeline.shortage import calendar_ended
from headgate.pipeline.treasury import Treasury
from headgate.pipeline.wants import Want, wants_of
from headgate.policy.access import attribute, check_model


class Quotes:
    """Tells what would become of requests."""

    def __init__(
        self, *, configs: Configs, keys: Keys, treasury: Treasury, health: Health, kept: KeptAnswers, clock: Clock
    ) -> None:
        """Take the ports."""
        self._configs = configs
        self._keys = keys
        self._treasury = treasury
        self._health = health
        self._kept = kept
        self._clock = clock

    async def answer(self, request: Request) -> Quote:
        """Tell what would become of a request.

        Raises:
            Refused: it is no request, or its key may not make it.
        """
        config = self._configs.current()
        principal = await identify(self._keys, request.key_hash)
        organization = admit_key(request, principal, config)
        request = await received(request)
        intake = read_intake(request.door, request.body, path=request.path, query=request.query, form=request.form)
        if refusal := check_model(principal, intake.model):
            raise refusal
        asking = asked_by(principal, request, intake, organization, attribute(principal, request.attribution))
        keeper = await keeper_of(self._kept, request.door, intake.fields, principal.organization_id)
        if keeper is not None:
            asking = msgspec.structs.replace(asking, keeper=keeper)
        foreseen = foresee(asking, principal, config, self._health, pick=self._clock.chance())
        first = foreseen.first
        if first.assessment is None:
            raise first.refusal or Fault("a request without an assessment was not refused")
        assessment = first.assessment
        wants: list[Want] = []
        refused: Unpriced | None = None
        if assessment.plan is not None:
            payer = Payer(principal.organization_id, principal.key_id, asking.attribution)
            try:
                in_force = config.budgets.in_force(payer, self._keys.budgets(request.key_hash))
                wants = self._wants(in_force, assessment.plan, asking, config)
            except Unpriced as error:
                refused = error
            except CalendarEndedError as error:
                raise calendar_ended(error) from error
        states = await self._treasury.states([want.need.window.id for want in wants])
        critical = asking.attribution.task in organization.critical_tasks
        return quote(asking, foreseen, assessment, wants, states, config, critical=critical, refused=refused)

    def _wants(self, in_force: tuple[InForce, ...], plan: Plan, asking: Asking, config: Config) -> list[Want]:
        """What would be held, in the form in which it can be."""
        now = self._treasury.now()
        try:
            return wants_of(in_force, now, plan, asking.intake)
        except Unpriced:
            found = bounded(plan, asking.intake, asking.request.door.format, in_force, config)
            if found is None:
                raise
            return wants_of(found.in_force, now, found.plan, found.intake)
