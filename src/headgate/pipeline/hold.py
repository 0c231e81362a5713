"""What is held for one attempt, and what it costs the windows that it was held in."""

from typing import Final, NamedTuple

from headgate.domain.budget import BudgetUnit
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome
from headgate.domain.usage import Usage
from headgate.ledger.postings import count
from headgate.ledger.records import Held


class Hold(NamedTuple):
    """What is held for one attempt."""

    parts: tuple[Held, ...]
    """Ascending by window."""
    units: tuple[BudgetUnit, ...]
    """Of the parts, in their order."""


NO_HOLD: Final = Hold((), ())

_CHARGED: Final = frozenset({Outcome.OK, Outcome.ESTIMATED})


def costs_of(hold: Hold, outcome: Outcome, cost: NanoUsd | None, usage: Usage | None) -> list[int] | None:
    """What an attempt costs each window that it was held in; None: nothing, all of it is free again.

    Args:
        hold: of the attempt.
        outcome: how it ended.
        cost: as it is booked; None: unpriced.
        usage: as reported.
    """
    if outcome not in _CHARGED:
        return None
    # Of an estimate, what was used is not known: what was held is taken for used.
    tokens = count(usage).total if outcome is Outcome.OK and BudgetUnit.TOKENS in hold.units else None
    amounts = {BudgetUnit.REQUESTS: 1, BudgetUnit.MONEY: cost, BudgetUnit.TOKENS: tokens}
    return [
        part.amount if (amount := amounts[unit]) is None else amount
        for part, unit in zip(hold.parts, hold.units, strict=True)
    ]
