import msgspec
import pytest

from headgate.domain.budget import BudgetUnit, Period, Scope
from headgate.domain.errors import Forbidden, LimitExceeded
from headgate.ledger.windows import WindowState
from headgate.pipeline.shortage import amount_text, refusal, why
from headgate.pipeline.waiting import Short
from tests.kit.budgeted import budget
from tests.kit.leases import window

ENDS_AT = 1_767_312_000
"""2026-01-02 00:00 UTC."""
STATE = WindowState(
    limit=5_000_000_000, hard=10_000_000_000, spent=4_200_000_000, leased=700_000_000, scarce=False, recall_gen=0
)


def short(**changes) -> Short:
    return Short(window("w", ends_at=ENDS_AT, **changes), STATE, 150_000_000)


def test_a_refusal_says_which_budget_how_much_is_spent_and_held_and_when_it_resets():
    said = refusal([short()], {"w": budget(0, "Team", scope=Scope.USER, subject="anna")}, now=ENDS_AT - 90.5)
    assert isinstance(said, LimitExceeded)
    assert said.message == (
        "Budget 'Team' of user 'anna' allows 5 USD per day: 4.2 USD are spent, 0.7 USD held; "
        "this request may use 0.15 USD. It resets at 2026-01-02T00:00:00Z."
    )
    assert ("limit_exceeded", 91, False, 429) == (said.code, said.retry_after_s, said.should_retry, said.status)


def test_a_critical_request_is_told_the_hard_limit():
    assert "allows 10 USD per day" in refusal([short()], {"w": budget(0)}, now=0, critical=True).message


def test_a_budget_without_an_end_never_says_when_to_come_back():
    endless = short()._replace(window=window("w", ends_at=None))
    said = refusal([endless], {"w": budget(0, period=Period.TOTAL)}, now=0)
    assert said.retry_after_s is None
    assert said.message.endswith("It does not reset by itself.")


def test_whoever_comes_after_the_end_may_come_back_at_once():
    assert 1 == refusal([short()], {"w": budget(0)}, now=ENDS_AT + 5).retry_after_s


def test_the_budget_of_a_policy_refuses_in_the_policys_name():
    said = refusal([short()], {"w": budget(0, policy="Production")}, now=0)
    assert isinstance(said, Forbidden)
    assert ("policy_blocked", 403) == (said.code, said.status)
    assert said.message.startswith('The cost limit of policy "Production" is 5 USD per day: ')


def test_the_first_budget_without_room_is_named():
    two = [short(), Short(window("v"), STATE, 1)]
    assert "'first'" in refusal(two, {"w": budget(0, "first"), "v": budget(0, "second")}, now=0).message


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        (1, BudgetUnit.MONEY, "0.000000001 USD"),
        (10**12, BudgetUnit.MONEY, "1000 USD"),
        (0, BudgetUnit.MONEY, "0 USD"),
        (9_007_199_254_740_993, BudgetUnit.MONEY, "9007199.254740993 USD"),
        (12_000, BudgetUnit.TOKENS, "12000 tokens"),
        (3, BudgetUnit.REQUESTS, "3 requests"),
    ],
)
def test_amounts_are_exact_in_words(amount: int, unit: BudgetUnit, text: str):
    assert text == amount_text(amount, unit)


def test_a_budget_of_everybody_names_nobody():
    nobody = msgspec.structs.replace(short().window, subject="")
    assert "Budget 'Everybody'" == why(Short(nobody, STATE, 1), budget(0))


@pytest.mark.parametrize(
    ("scope", "whose"), [(Scope.ORGANIZATION, "this organisation"), (Scope.KEY, "this virtual key")]
)
def test_what_is_known_by_an_id_is_told_in_words(scope: Scope, whose: str):
    assert f"Budget 'Day' of {whose}" == why(short(), budget(0, "Day", scope=scope, subject="a9dee68778414040"))
