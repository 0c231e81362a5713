import pytest

from headgate.domain.budget import BudgetUnit, LeaseClass
from headgate.domain.outcome import Outcome
from headgate.domain.usage import usage_of
from headgate.ledger.records import Held
from headgate.pipeline.hold import NO_HOLD, Hold, costs_of

UNITS = (BudgetUnit.MONEY, BudgetUnit.TOKENS, BudgetUnit.REQUESTS)
HOLD = Hold(tuple(Held(unit.value, LeaseClass.NORMAL, 900) for unit in UNITS), UNITS)


USED = usage_of(input=10, cache_read=5, output=7)


def test_an_answer_costs_its_price_its_tokens_and_one_request():
    assert [77, 22, 1] == costs_of(HOLD, Outcome.OK, 77, USED)


def test_what_is_estimated_costs_what_was_held_and_one_request():
    assert [900, 900, 1] == costs_of(HOLD, Outcome.ESTIMATED, 900, None)


def test_tokens_that_were_reported_before_an_answer_broke_off_are_not_believed():
    assert [900, 900, 1] == costs_of(HOLD, Outcome.ESTIMATED, 900, usage_of(input=1, output=1))


def test_what_has_no_price_costs_what_was_held():
    assert [900, 22, 1] == costs_of(HOLD, Outcome.OK, None, USED)


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.UNREACHED])
def test_what_provably_cost_nothing_is_charged_nowhere(outcome: Outcome):
    assert costs_of(HOLD, outcome, 0, None) is None


def test_without_budgets_nothing_is_charged():
    assert [] == costs_of(NO_HOLD, Outcome.OK, 77, USED)
