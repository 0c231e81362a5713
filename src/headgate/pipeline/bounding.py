"""What is done where nothing bounds what a request may use: a closer look, and then an end to its answer. Rule 14."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from headgate.domain.formats import Format
from headgate.ledger.budgets import InForce
from headgate.pipeline.clamp import clamped
from headgate.pipeline.config import Config
from headgate.pipeline.intake import Intake
from headgate.pipeline.plan import Plan, reshaped
from headgate.pipeline.wants import amount_of
from headgate.pricing.afford import affordable_output
from headgate.pricing.tight import tightened
from headgate.snapshot.contract import Budget


class Bounded(NamedTuple):
    """A form of a request that every budget which may refuse it can count."""

    plan: Plan
    intake: Intake
    in_force: tuple[InForce, ...]
    """Budgets that can count it."""
    blind: tuple[Budget, ...]
    """Budgets in shadow mode that cannot: nothing that only watches may refuse."""
    clamped_to: int | None
    """`max_tokens` as it will be sent; None: as the caller wrote it."""
    clamped_by: Budget | None


def bounded(
    plan: Plan,
    intake: Intake,
    format: Format,  # noqa: A002 - the noun of the domain
    in_force: Sequence[InForce],
    config: Config,
) -> Bounded | None:
    """Bound what a request may use, which as it came has no bound.

    Args:
        plan: where it goes.
        intake: the request.
        format: the door's.
        in_force: all budgets in its scope.
        config: the snapshot in force.

    Returns:
        None where it cannot be bounded, or where a budget that would have to clamp does not.
    """
    if plan.shape is None:
        return None
    closer = tightened(plan.shape, intake.fields, format)
    tight = plan if closer is plan.shape else reshaped(plan, closer, config)
    endless = [each.budget for each in in_force if not each.budget.shadow and _is_endless(each, tight)]
    if not endless:
        return _counted(tight, intake, in_force, None, None)
    most = affordable_output(tight.tariff.card, closer, room=None, tokens_room=None)
    if most is None or not all(budget.clamp for budget in endless):
        return None
    shorter = clamped(intake, format, plan.target.provider, most)
    if shorter is None:
        return None
    end = reshaped(tight, msgspec.structs.replace(closer, max_output_tokens=most), config)
    return _counted(end, shorter, in_force, most, endless[0])


def _counted(
    plan: Plan, intake: Intake, in_force: Sequence[InForce], clamped_to: int | None, clamped_by: Budget | None
) -> Bounded:
    blind = [each for each in in_force if each.budget.shadow and _is_endless(each, plan)]
    countable = tuple([each for each in in_force if each not in blind])
    return Bounded(plan, intake, countable, tuple([each.budget for each in blind]), clamped_to, clamped_by)


def _is_endless(each: InForce, plan: Plan) -> bool:
    return amount_of(each.budget.unit, plan) is None
