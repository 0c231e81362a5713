"""Draws on for a stream that began with a part of its hold: one draw, no waiting. Rule 14.

What is drawn is on record before the provider is read on: a process that dies books all of it.
"""

from typing import Final

import msgspec

from headgate.domain.errors import GatewayError
from headgate.domain.money import NanoUsd
from headgate.domain.usage import Unit, Usage
from headgate.ledger.leases import Need
from headgate.ledger.records import Held, Raised
from headgate.pipeline.attempt import Attempt
from headgate.pipeline.config import Config
from headgate.pipeline.cut import RESERVE_TOKENS, STEP_TOKENS
from headgate.pipeline.hold import Hold
from headgate.pipeline.intake import Intake
from headgate.pipeline.plan import Plan, reshaped
from headgate.pipeline.ports import Journal, JournalFullError
from headgate.pipeline.treasury import Treasury
from headgate.pipeline.waiting import ShortageError
from headgate.pipeline.wants import Want, amount_of
from headgate.pricing.bound import bounds_of, output_bound
from headgate.pricing.shapes.gemini_config import asks_to_think, generation_config
from headgate.providers.families import thinks_unasked
from headgate.providers.whole_calls import CALLS_COME_WHOLE

FIRST_TOKENS: Final = STEP_TOKENS + RESERVE_TOKENS
"""Output tokens that a stream begins with."""
_THINKING: Final = frozenset({"thinking", "reasoning", "reasoning_effort"})
_CALLING: Final = frozenset({"tools", "functions"})
UNBOUNDED: Final = 2**40
"""Stands for the output of a stream that nothing bounds: it can always be cut."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a hold that a stream begins with, and what it is a part of."""

    plan: Plan
    """Priced for `paid` tokens."""
    wants: tuple[Want, ...]
    paid: int
    """Output tokens, over all choices."""
    most: int
    """Output tokens that the request can come to."""

    def prompt(self) -> Usage | None:
        """The input as it is held, for a provider that tells it only at the end."""
        card, shape = self.plan.tariff.card, self.plan.shape
        tokens = None if shape is None else bounds_of(card, shape)[0]
        return None if tokens is None else Usage({Unit.INPUT: tokens})


def part_of(plan: Plan, intake: Intake, config: Config) -> Part | None:
    """The first part of a plan's hold; None where that would be all of it, or where it may spend unseen."""
    card, shape = plan.tariff.card, plan.shape
    if card is None or shape is None or not shape.output or shape.counted or _spends_unseen(plan, intake):
        return None
    most = output_bound(card, shape)
    paid = FIRST_TOKENS * shape.choices
    if most is not None and most <= paid:
        return None
    return Part(plan=_priced_for(plan, paid, config), wants=(), paid=paid, most=UNBOUNDED if most is None else most)


def _spends_unseen(plan: Plan, intake: Intake) -> bool:
    """Whether it may write much before anything of it can be counted: thoughts, or calls that are shown when whole."""
    calls = plan.target.provider.name in CALLS_COME_WHOLE and not _CALLING.isdisjoint(intake.fields)
    return calls or _thinks(plan, intake)


def _thinks(plan: Plan, intake: Intake) -> bool:
    """Whether it is asked to think, or does so unless it is asked not to."""
    if not _THINKING.isdisjoint(intake.fields):
        return True
    asked = asks_to_think(generation_config(intake.fields))
    return thinks_unasked(plan.target.model) if asked is None else asked


class TopUp:
    """Draws on for one attempt; a `cut.PaidStream` asks it for more."""

    def __init__(self, part: Part, attempt: Attempt, config: Config, *, journal: Journal, treasury: Treasury) -> None:
        self.part = part
        self._attempt = attempt
        self._config = config
        self._journal = journal
        self._treasury = treasury
        self._paid = part.paid

    async def more(self, tokens: int) -> int:
        """Hold so many output tokens more; give how many were granted: all or none."""
        attempt, part = self._attempt, self.part
        plan = _priced_for(part.plan, self._paid + tokens, self._config)
        hold = plan.tariff.hold
        if hold is None:
            return 0
        now = {held.window: held for held in attempt.hold.parts}
        needs = [
            Need(want.need.window, (amount_of(want.budget.unit, plan) or 0) - now[want.need.window.id].amount)
            for want in part.wants
        ]
        needs = [need for need in needs if need.amount > 0]
        try:
            placement = await self._treasury.place_hold([needs], critical=False, patience_s=0)
        except (ShortageError, GatewayError):
            return 0
        more = {held.window: held.amount for held in placement.holds}
        parts = tuple(
            [Held(held.window, held.lease_class, held.amount + more.get(held.window, 0)) for held in attempt.hold.parts]
        )
        if not self._record(hold, parts):
            self._treasury.release(placement.holds)
            return 0
        attempt.raise_hold(plan.tariff, Hold(parts, attempt.hold.units))
        self._paid += tokens
        return tokens

    def _record(self, hold: NanoUsd, parts: tuple[Held, ...]) -> bool:
        sent = self._attempt.sent
        try:
            self._journal.append(Raised(request_id=sent.request_id, attempt=sent.attempt, hold=hold, holds=parts))
        except JournalFullError:
            return False
        return True


def _priced_for(plan: Plan, tokens: int, config: Config) -> Plan:
    """The plan with a hold that covers so many output tokens, over all choices."""
    assert plan.shape is not None
    each = -(-tokens // plan.shape.choices)
    return reshaped(plan, msgspec.structs.replace(plan.shape, max_output_tokens=each), config)
