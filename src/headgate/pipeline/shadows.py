"""Budgets in shadow mode: they count, and say what they would have refused, but refuse nothing."""

from collections.abc import Sequence

from headgate.domain.errors import GatewayError, Refused
from headgate.domain.verdict import Verdict
from headgate.pipeline.hold import Hold
from headgate.pipeline.shortage import refusal
from headgate.pipeline.treasury import Treasury
from headgate.pipeline.waiting import ShortageError
from headgate.pipeline.wants import Want
from headgate.policy.verdicts import WOULD_BLOCK, Rule
from headgate.snapshot.contract import Budget


async def hold_in_shadows(
    hold: Hold, shadows: Sequence[Want], treasury: Treasury, *, critical: bool
) -> tuple[Hold, tuple[Verdict, ...]]:
    """Hold also in budgets that only watch, where there is room; where there is none, say what they would have done.

    Args:
        hold: what the others hold; released when the caller goes away meanwhile.
        shadows: what is wanted of those that only watch.
        treasury: where it is held.
        critical: whether the request may go to the hard limit.
    """
    parts, units = list(hold.parts), list(hold.units)
    verdicts: list[Verdict] = []
    now = treasury.now()
    for want in shadows:
        try:
            placement = await treasury.place_hold([[want.need]], critical=critical, patience_s=0)
        except ShortageError as shortage:
            objection = refusal(shortage.short, {want.need.window.id: want.budget}, now=now)
            verdicts.append(would_block(want.budget, objection))
        except GatewayError:
            # The store is away: nothing that only watches may refuse.
            continue
        except BaseException:
            # The client hung up, before anything was sent.
            treasury.release(parts)
            raise
        else:
            parts.extend(placement.holds)
            units.append(want.budget.unit)
    order = sorted(range(len(parts)), key=lambda index: parts[index].window)
    return Hold(tuple([parts[index] for index in order]), tuple([units[index] for index in order])), tuple(verdicts)


def would_block(budget: Budget, objection: Refused) -> Verdict:
    """What a budget would have refused, in its name or in its policy's."""
    if budget.policy:
        return Verdict(budget.policy, Rule.MAX_COST_PER_DAY, WOULD_BLOCK, objection.message)
    return Verdict(budget.name, "budget", WOULD_BLOCK, objection.message)
