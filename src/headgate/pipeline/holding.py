"""Secures the hold of a request: as it is, tighter, with less output, at an open model, or not at all. Rule 14.

The usual request finds its hold in what the worker has drawn, synchronously. Everything below `secure_hold` is for the
others: those that meet a cold window, and those that do not fit.
"""

from collections.abc import Sequence

import msgspec

from headgate.domain.errors import Refused, Unpriced
from headgate.domain.verdict import Verdict
from headgate.ledger.budgets import CalendarEndedError, InForce, Payer
from headgate.pipeline.assess import Asking, assess
from headgate.pipeline.bounding import bounded
from headgate.pipeline.clamp import clamped
from headgate.pipeline.config import Config
from headgate.pipeline.hold import Hold
from headgate.pipeline.intake import Intake
from headgate.pipeline.plan import Plan, reshaped
from headgate.pipeline.request import Request
from headgate.pipeline.shadows import hold_in_shadows, would_block
from headgate.pipeline.shortage import calendar_ended, refusal, why
from headgate.pipeline.topup import Part, part_of
from headgate.pipeline.treasury import Treasury
from headgate.pipeline.waiting import ShortageError
from headgate.pipeline.wants import Want, hold_of, wants_of
from headgate.pricing.afford import affordable_output
from headgate.pricing.tight import tightened
from headgate.pricing.widening import narrowed
from headgate.snapshot.contract import Budget, Organization

_encode = msgspec.json.Encoder().encode


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One request that asks for a hold."""

    request: Request
    intake: Intake
    plan: Plan
    organization: Organization
    config: Config
    payer: Payer
    key_budgets: tuple[Budget, ...]
    """Of the request's key alone."""
    critical: bool
    """Its task may use what soft budgets keep for critical ones."""
    unclamped: Intake | None = None
    """As it came, where `intake` has a lower limit by now."""


class Secured(msgspec.Struct, frozen=True, kw_only=True):
    """What will be sent, and what is held for it."""

    plan: Plan
    intake: Intake
    hold: Hold
    degraded_to: str | None = None
    """Public name of the open model that takes the place of the one that was asked for."""
    clamped_to: int | None = None
    """`max_tokens` as it will be sent."""
    part: Part | None = None
    """Held is only the beginning of a stream; None: all that it can cost."""
    because: str | None = None
    """Which budget made it so."""
    verdicts: tuple[Verdict, ...] = ()
    """What budgets in shadow mode would have refused."""

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Tell the client what was changed, and why."""
        told: list[tuple[str, str]] = []
        if self.degraded_to is not None:
            told.append(("x-headgate-degraded-to", self.degraded_to))
        if self.clamped_to is not None:
            told.append(("x-headgate-clamped-max-tokens", str(self.clamped_to)))
        if self.part is not None:
            told.append(("x-headgate-topped-up", "true"))
        if self.because is not None:
            told.append(("x-headgate-changed-because", f"{self.because} has no room for the request as it was."))
        return [(name.encode(), value.encode("ascii", "backslashreplace")) for name, value in told]


async def secure_hold(case: Case, treasury: Treasury) -> Secured:
    """Hold in every budget in scope, or in none.

    Raises:
        LimitExceeded: a budget does not admit the request, in any form that it allows.
        Forbidden: the same, of a budget that enforces a policy.
        Unpriced: a budget counts what cannot be bounded.
        Unavailable: windows cannot be drawn from, or are not known.
    """
    try:
        in_force = case.config.budgets.in_force(case.payer, case.key_budgets)
        try:
            wants = wants_of(in_force, treasury.now(), case.plan, case.intake)
        except Unpriced as error:
            return await _secure_bounded(case, in_force, treasury, error)
    except CalendarEndedError as error:
        raise calendar_ended(error) from error
    return await _secure(case, in_force, wants, treasury)


async def _secure_bounded(case: Case, in_force: tuple[InForce, ...], treasury: Treasury, unpriced: Unpriced) -> Secured:
    """Hold for a request that as it came may use anything."""
    found = bounded(case.plan, case.intake, case.request.door.format, in_force, case.config)
    if found is None:
        raise unpriced
    case = msgspec.structs.replace(case, plan=found.plan, intake=found.intake, unclamped=case.intake)
    wants = wants_of(found.in_force, treasury.now(), found.plan, found.intake)
    secured = await _secure(case, found.in_force, wants, treasury)
    blind = tuple([would_block(budget, unpriced) for budget in found.blind])
    secured = msgspec.structs.replace(secured, verdicts=blind + secured.verdicts)
    if found.clamped_by is None or secured.clamped_to is not None or secured.degraded_to is not None:
        return secured
    return msgspec.structs.replace(
        secured, clamped_to=found.clamped_to, because=secured.because or f"Budget {found.clamped_by.name!r}"
    )


async def _secure(case: Case, in_force: tuple[InForce, ...], wants: list[Want], treasury: Treasury) -> Secured:
    binding = [want for want in wants if not want.budget.shadow]
    parts = treasury.try_hold([want.need for want in binding], critical=case.critical)
    if parts is not None:
        secured = Secured(plan=case.plan, intake=case.intake, hold=hold_of(parts, binding))
    else:
        secured = await _Search(case, in_force, treasury).run(binding)
    if len(binding) == len(wants):
        return secured
    shadows = [want for want in wants if want.budget.shadow]
    hold, verdicts = await hold_in_shadows(secured.hold, shadows, treasury, critical=case.critical)
    return msgspec.structs.replace(secured, hold=hold, verdicts=verdicts)


class _Search:
    """Looks for the form in which a request fits."""

    def __init__(self, case: Case, in_force: tuple[InForce, ...], treasury: Treasury) -> None:
        self._case = case
        self._in_force = in_force
        self._treasury = treasury

    async def run(self, wants: list[Want]) -> Secured:
        case = self._case
        try:
            # Most of those that come here only meet a window that nothing was drawn from yet.
            return await self._place([(case.plan, wants)], patience_s=0)
        except ShortageError:
            pass
        forms = [(case.plan, wants)]
        tight = self._tightened()
        if tight is not case.plan:
            forms.append((tight, self._wants(tight, case.intake)))
        try:
            return await self._place(forms)
        except ShortageError as shortage:
            budgets = {want.need.window.id: want.budget for want in wants}
            short = [budgets[each.window.id] for each in shortage.short]
            because = why(shortage.short[0], short[0])
            if all(budget.top_up for budget in short) and (secured := await self._begin_with_a_part(tight, because)):
                return secured
            if all(budget.clamp for budget in short) and (secured := await self._clamp(tight, wants, because)):
                return secured
            if case.organization.open_model and (secured := await self._degrade(because)):
                return secured
            raise refusal(shortage.short, budgets, now=self._treasury.now(), critical=case.critical) from None

    async def _place(self, forms: Sequence[tuple[Plan, list[Want]]], *, patience_s: float | None = None) -> Secured:
        needs = [[want.need for want in wants] for _, wants in forms]
        if patience_s is None:
            placement = await self._treasury.place_hold(needs, critical=self._case.critical)
        else:
            placement = await self._treasury.place_hold(needs, critical=self._case.critical, patience_s=patience_s)
        plan, wants = forms[placement.alternative]
        return Secured(plan=plan, intake=self._case.intake, hold=hold_of(placement.holds, wants))

    def _wants(self, plan: Plan, intake: Intake) -> list[Want]:
        wants = wants_of(self._in_force, self._treasury.now(), plan, intake)
        return [want for want in wants if not want.budget.shadow]

    def _tightened(self) -> Plan:
        case = self._case
        shape = case.plan.shape
        assert shape is not None
        closer = tightened(shape, case.intake.fields, case.request.door.format)
        return case.plan if closer is shape else reshaped(case.plan, closer, case.config)

    async def _begin_with_a_part(self, tight: Plan, because: str) -> Secured | None:
        """A stream draws on while it runs, and is cut when there is no more."""
        case = self._case
        part = part_of(tight, case.intake, case.config) if case.intake.stream and not case.critical else None
        if part is None:
            return None
        wants = self._wants(part.plan, case.intake)
        try:
            secured = await self._place([(part.plan, wants)], patience_s=0)
        except ShortageError:
            return None
        part = msgspec.structs.replace(part, wants=tuple(wants))
        return msgspec.structs.replace(secured, part=part, because=because)

    async def _clamp(self, tight: Plan, wants: list[Want], because: str) -> Secured | None:
        """With as much output as there is room for."""
        case = self._case
        money, tokens = self._treasury.room([want.need.window for want in wants], critical=case.critical)
        assert tight.shape is not None
        provider = tight.target.provider.price_provider
        room = None if money is None else narrowed(money, case.config.widenings.factor(provider, tight.target.model))
        most = affordable_output(tight.tariff.card, tight.shape, room=room, tokens_room=tokens)
        intake = None if most is None else clamped(case.intake, case.request.door.format, tight.target.provider, most)
        if intake is None or most is None:
            return None
        plan = reshaped(tight, msgspec.structs.replace(tight.shape, max_output_tokens=most), case.config)
        try:
            secured = await self._place([(plan, self._wants(plan, intake))], patience_s=0)
        except ShortageError:
            return None
        return msgspec.structs.replace(secured, intake=intake, clamped_to=most, because=because)

    async def _degrade(self, because: str) -> Secured | None:
        """At the organisation's open model."""
        case = self._case
        name = case.organization.open_model
        if name is None or name == case.intake.model:
            return None
        # A limit that one model was given is none of another's.
        asked = case.unclamped or case.intake
        fields = {**asked.fields, "model": msgspec.Raw(_encode(name))}
        intake = msgspec.structs.replace(asked, fields=fields, model=name)
        try:
            asking = Asking(
                request=case.request, intake=intake, attribution=case.payer.attribution, organization=case.organization
            )
            plan, _, refused = assess(asking, case.config)
            if refused is not None or plan is None:
                return None
            secured = await self._place([(plan, self._wants(plan, intake))], patience_s=0)
        except (ShortageError, Refused):
            return None
        return msgspec.structs.replace(secured, intake=intake, degraded_to=name, because=because)
