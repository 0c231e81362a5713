import pytest

from headgate.domain.budget import BudgetUnit
from headgate.domain.errors import LimitExceeded
from headgate.domain.verdict import Verdict
from headgate.pipeline.shadows import would_block
from tests.kit.budgeted import COST, Budgeted, budget, snapshot_with

DEAR = 10**9


async def test_a_budget_that_only_watches_counts_what_passes():
    rig = Budgeted(snapshot_with(budget(DEAR, "binding"), budget(DEAR, "watching", shadow=True)))
    await rig.ask()
    rig.post()
    assert {"binding": COST, "watching": COST} == {name.split(".")[0]: spent for name, spent in rig.spent.items()}
    assert () == rig.journal.logged.verdicts


async def test_what_it_has_no_room_for_passes_uncounted_and_is_on_record():
    tokens = budget(1, "watching", shadow=True, unit=BudgetUnit.TOKENS)
    rig = Budgeted(snapshot_with(tokens, budget(DEAR, "binding")))
    await rig.ask()
    assert ["binding"] == [held.window.split(".")[0] for held in rig.journal.sent.holds]
    (verdict,) = rig.journal.logged.verdicts
    assert ("watching", "budget", "would_block") == (verdict.policy, verdict.rule, verdict.effect)


async def test_a_store_that_is_away_refuses_nothing_that_only_watches():
    rig = Budgeted(snapshot_with(budget(DEAR, "watching", shadow=True)))
    rig.store.away = True
    reply = await rig.ask()
    assert 200 == reply.status
    assert () == rig.journal.sent.holds


@pytest.mark.parametrize(("policy", "expected"), [(None, ("B", "budget")), ("P", ("P", "maxCostPerDayEur"))])
def test_an_objection_is_made_in_the_name_of_the_policy_behind_a_budget(policy, expected):
    objection = LimitExceeded("No room.", code="limit_exceeded")
    assert Verdict(*expected, "would_block", "No room.") == would_block(budget(1, "B", policy=policy), objection)
