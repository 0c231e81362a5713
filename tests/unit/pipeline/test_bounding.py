"""What may use anything as it came: looked at more closely, clamped, or refused."""

from functools import partial

import msgspec
import pytest

from headgate.domain.budget import BudgetUnit
from headgate.domain.errors import Unpriced
from headgate.pricing.afford import LONGEST_UNKNOWN
from headgate.snapshot.contract import Budget
from tests.kit.budgeted import FREE_CARD, Budgeted, budget, snapshot_with
from tests.kit.fakes import ORGANIZATION, price_card

ENDLESS = price_card("openai", "gpt-endless", context_window=None, max_output=None)
BODY = {"model": "gpt-endless", "messages": [{"role": "user", "content": "Hello"}]}
LIMITED = {**BODY, "max_tokens": 50}
clamping = partial(budget, 10**9, clamp=True)
stubborn = partial(budget, 10**9)


def rig_of(*budgets: Budget, **changes) -> Budgeted:
    organization = msgspec.structs.replace(ORGANIZATION, **changes)
    return Budgeted(snapshot_with(*budgets, organization=organization, cards=(ENDLESS, FREE_CARD)))


async def refusal_of(rig: Budgeted, body: dict) -> Unpriced:
    with pytest.raises(Unpriced) as refusal:
        await rig.ask(body=body)
    assert [] == rig.upstream.asked
    return refusal.value


async def test_an_answer_without_an_end_gets_one_where_the_budget_clamps():
    rig = rig_of(clamping())
    reply = await rig.ask(body=BODY)
    headers = dict(reply.headers)
    assert str(LONGEST_UNKNOWN).encode() == headers[b"x-headgate-clamped-max-tokens"]
    assert headers[b"x-headgate-changed-because"].startswith(b"Budget 'Everybody'")
    assert LONGEST_UNKNOWN == rig.upstream.asked[0].document["max_completion_tokens"]
    assert LONGEST_UNKNOWN == rig.journal.logged.clamped_to
    assert LONGEST_UNKNOWN * 4_000 < rig.journal.sent.hold < (LONGEST_UNKNOWN + 200) * 4_000
    assert rig.journal.sent.hold == rig.journal.sent.holds[0].amount


async def test_it_is_as_short_as_the_budget_can_pay_for():
    rig = rig_of(budget(1_000_000, clamp=True))
    await rig.ask(body=BODY)
    sent = rig.upstream.asked[0].document["max_completion_tokens"]
    assert 16 <= sent < LONGEST_UNKNOWN
    assert sent == rig.journal.logged.clamped_to
    assert 1_000_000 - 4_000 < rig.journal.sent.hold <= 1_000_000


async def test_another_model_does_not_get_the_limit_that_this_one_was_given():
    rig = rig_of(budget(20_000, clamp=True), open_model="gpt-free")
    reply = await rig.ask(body=BODY)
    assert b"gpt-free" == dict(reply.headers)[b"x-headgate-degraded-to"]
    assert b"x-headgate-clamped-max-tokens" not in dict(reply.headers)
    assert {"model": "gpt-free", "messages": BODY["messages"]} == rig.upstream.asked[0].document
    assert ("gpt-free", None) == (rig.journal.logged.degraded_to, rig.journal.logged.clamped_to)


@pytest.mark.parametrize("unit", [BudgetUnit.MONEY, BudgetUnit.TOKENS])
async def test_every_budget_that_counts_it_has_to_clamp(unit):
    refusal = await refusal_of(rig_of(clamping(), stubborn("Hard", unit=unit)), BODY)
    assert (402, "cost_unbounded", "max_tokens") == (refusal.status, refusal.code, refusal.param)


async def test_budgets_of_requests_have_no_say_in_it():
    rig = rig_of(clamping(), budget(10, "requests", unit=BudgetUnit.REQUESTS))
    await rig.ask(body=BODY)
    assert LONGEST_UNKNOWN == rig.journal.logged.clamped_to
    assert 1 in [held.amount for held in rig.journal.sent.holds]


async def test_a_limit_of_the_caller_s_needs_no_clamp():
    rig = rig_of(stubborn())
    await rig.ask(body=LIMITED)
    assert rig.journal.logged.clamped_to is None


async def test_input_without_an_end_is_refused_whatever_clamps():
    document = {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}
    refusal = await refusal_of(rig_of(clamping()), {**LIMITED, "messages": [document]})
    assert "refers to more than it contains" in refusal.message


async def test_a_budget_that_only_watches_says_that_it_could_not_count_and_refuses_nothing():
    rig = rig_of(stubborn("Watching", shadow=True))
    await rig.ask(body=BODY)
    assert "max_completion_tokens" not in rig.upstream.asked[0].document
    (verdict,) = rig.journal.logged.verdicts
    assert ("Watching", "would_block") == (verdict.policy, verdict.effect)
    assert "cannot be bounded" in verdict.reason
    assert () == rig.journal.sent.holds


async def test_a_model_without_a_card_stays_refused():
    refusal = await refusal_of(rig_of(clamping(), unpriced_allowed=True), {**BODY, "model": "gpt-unheard-of"})
    assert "model_unpriced" == refusal.code
