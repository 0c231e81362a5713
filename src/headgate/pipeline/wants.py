"""What a request has to hold: one amount in the current window of every budget in its scope."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from headgate.domain.budget import BudgetUnit
from headgate.domain.errors import Unpriced
from headgate.ledger.budgets import InForce
from headgate.ledger.leases import Need
from headgate.ledger.records import Held
from headgate.pipeline.hold import Hold
from headgate.pipeline.intake import Intake
from headgate.pipeline.plan import Plan
from headgate.pricing.bound import token_bound
from headgate.pricing.compiled import CompiledCard
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.unbounded import unbounded
from headgate.snapshot.contract import Budget


class Want(NamedTuple):
    """An amount to be held in one window, and the budget that wants it."""

    need: Need
    budget: Budget


def wants_of(in_force: Iterable[InForce], now: float, plan: Plan, intake: Intake) -> list[Want]:
    """Everything that has to be held for a plan, ascending by window.

    Free models skip the windows that count money, and only those.

    Raises:
        Unpriced: a budget counts what cannot be bounded.
        CalendarEndedError: a budget has no window for this moment.
    """
    wants: list[Want] = []
    amounts: dict[BudgetUnit, int | None] = {}
    for each in in_force:
        budget = each.budget
        unit = budget.unit
        if unit not in amounts:
            amounts[unit] = _amount(unit, plan, intake)
        amount = amounts[unit]
        if amount is not None:
            wants.append(Want(Need(each.window(now), amount), budget))
    if len(wants) > 1:
        wants.sort(key=_window_of)
    return wants


def hold_of(parts: Sequence[Held], wants: Sequence[Want]) -> Hold:
    """What was placed for some wants."""
    return Hold(tuple(parts), tuple([want.budget.unit for want in wants]))


def _window_of(want: Want) -> str:
    return want.need.window.id


def amount_of(unit: BudgetUnit, plan: Plan) -> int | None:
    """What a plan may use of a unit at most; None: it cannot be bounded."""
    if unit is BudgetUnit.REQUESTS:
        return 1
    if unit is BudgetUnit.MONEY:
        return plan.tariff.hold
    return None if plan.shape is None else token_bound(plan.tariff.card, plan.shape)


def _amount(unit: BudgetUnit, plan: Plan, intake: Intake) -> int | None:
    """None: nothing is counted there."""
    card, shape = plan.tariff.card, plan.shape
    if shape is None or (unit is BudgetUnit.MONEY and card is not None and card.free):
        return None
    # What can cost nothing is free, whatever its card is called; and only what is drawn opens a window to charge.
    return _bounded(amount_of(unit, plan), card, shape, intake) or None


def _bounded(amount: int | None, card: CompiledCard | None, shape: RequestShape, intake: Intake) -> int:
    if amount is not None:
        return amount
    if card is None:
        raise Unpriced(
            f"Model {intake.model!r} has no price, so that what it may use cannot be bounded, and a budget bounds it; "
            "an admin can add a price card.",
            code="model_unpriced",
            param="model",
        )
    raise unbounded(intake.model, card, shape)
