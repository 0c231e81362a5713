"""What is held for one attempt, and what it costs the windows that it was held in."""

from typing import Final, NamedTuple

from headgate.domain.budget import BudgetUnit
from headgate.domain.outcome import Outcome
from headgate.ledger.postings import count
from headgate.ledger.records import Held, Settled


class Hold(NamedTuple):
    """What is held for one attempt."""

    parts: tuple[Held, ...]
    """Ascending by window."""
    units: tuple[BudgetUnit, ...]
    """Of the parts, in their order."""


NO_HOLD: Final = Hold((), ())

_CHARGED: Final = frozenset({Outcome.OK, Outcome.ESTIMATED})


def costs_of(hold: Hold, settled: Settled) -> list[int] | None:
    """What an attempt costs each window that it was held in; None: nothing, all of it is free again."""
    if settled.outcome not in _CHARGED:
        return None
    return [_cost(unit, part, settled) for part, unit in zip(hold.parts, hold.units, strict=True)]


def _cost(unit: BudgetUnit, part: Held, settled: Settled) -> int:
    if unit is BudgetUnit.REQUESTS:
        return 1
    if unit is BudgetUnit.MONEY:
        return part.amount if settled.cost is None else settled.cost
    total = count(settled.usage).total if settled.outcome is Outcome.OK else None
    return part.amount if total is None else total
