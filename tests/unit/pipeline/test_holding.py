"""In which form a request fits into its budgets: as it is, tighter, clamped, degraded, or not at all."""

import asyncio

import msgspec
import pytest

from headgate.domain.budget import BudgetUnit, LeaseClass, Scope
from headgate.domain.errors import Forbidden, LimitExceeded, Unavailable, Unpriced
from headgate.domain.principal import Attribution
from headgate.ledger.records import Logged, Sent
from headgate.pipeline.treasury import PATIENCE_S
from tests.kit.budgeted import CHAT_BODY, COST, Budgeted, budget, snapshot_with
from tests.kit.fakes import ORGANIZATION, ScriptedAnswer, chat_answer, until

LONG_BODY = {**CHAT_BODY, "max_tokens": 1_000}
DEAR, CHEAP = 10**9, 10**6
FREE_BODY = {**CHAT_BODY, "model": "gpt-free"}
OPEN = msgspec.structs.replace(ORGANIZATION, open_model="gpt-free")


def free_answer() -> ScriptedAnswer:
    return ScriptedAnswer(200, chat_answer(model="gpt-free"))


async def refusal_of(rig: Budgeted, error: type[Exception] = LimitExceeded, **request):
    with pytest.raises(error) as refusal:
        await rig.ask(**request)
    return refusal.value


async def test_a_request_is_held_in_every_budget_in_scope_before_it_leaves():
    snapshot = snapshot_with(
        budget(DEAR, "money"),
        budget(10**6, "tokens", unit=BudgetUnit.TOKENS),
        budget(10, "requests", unit=BudgetUnit.REQUESTS),
        budget(DEAR, "of ben", scope=Scope.USER, subject="ben", organization_id=ORGANIZATION.id),
        budget(DEAR, "of anna", scope=Scope.USER, subject="anna", organization_id=ORGANIZATION.id),
    )
    rig = Budgeted(snapshot)
    await rig.ask(attribution=Attribution(user="anna"))
    sent, settled = rig.journal.sent, rig.journal.settled
    assert ["money", "of anna", "requests", "tokens"] == [held.window.split(".")[0] for held in sent.holds]
    assert [sent.hold, sent.hold, 1] == [held.amount for held in sent.holds[:3]]
    assert [COST, COST, 1, 110] == [charge.cost for charge in settled.charges]


async def test_budgets_of_the_key_are_held_too():
    rig = Budgeted(snapshot_with())
    rig.keys.key_budgets = (budget(DEAR, "of the key", scope=Scope.KEY, subject="1" * 32),)
    await rig.ask()
    assert ["of the key"] == [held.window.split(".")[0] for held in rig.journal.sent.holds]


async def test_what_does_not_fit_never_leaves_and_is_logged():
    rig = Budgeted(snapshot_with(budget(100)))
    refusal = await refusal_of(rig)
    assert "limit_exceeded" == refusal.code
    assert [] == rig.upstream.asked
    assert ("limit_exceeded", 429) == (rig.journal.logged.error, rig.journal.logged.status)


async def test_without_a_bound_on_the_input_a_closer_look_makes_it_fit():
    rig = Budgeted(snapshot_with(budget(DEAR)))
    many = {**CHAT_BODY, "messages": [{"role": "user", "content": "\\u00e9" * 1_000}]}
    await rig.ask(body=many)
    full = rig.journal.sent.hold
    tight = Budgeted(snapshot_with(budget(full - 1)))
    await tight.ask(body=many)
    assert tight.journal.sent.hold <= full - 1
    assert tight.journal.logged.clamped_to is None


async def test_a_budget_that_clamps_pays_for_a_shorter_answer_and_says_so():
    rig = Budgeted(snapshot_with(budget(CHEAP, clamp=True)))
    reply = await rig.ask(body=LONG_BODY)
    clamped = rig.journal.logged.clamped_to
    assert clamped == rig.upstream.asked[0].document["max_tokens"] < 1_000
    assert rig.journal.sent.hold <= CHEAP
    headers = dict(reply.headers)
    assert str(clamped).encode() == headers[b"x-headgate-clamped-max-tokens"]
    assert b"'Everybody'" in headers[b"x-headgate-changed-because"]


async def test_a_budget_that_does_not_clamp_refuses():
    await refusal_of(Budgeted(snapshot_with(budget(CHEAP))), body=LONG_BODY)


async def test_one_budget_that_does_not_clamp_is_enough_to_refuse():
    both = snapshot_with(budget(CHEAP, "clamps", clamp=True), budget(CHEAP, "does not"))
    await refusal_of(Budgeted(both), body=LONG_BODY)


async def test_clamping_comes_before_degrading():
    rig = Budgeted(snapshot_with(budget(CHEAP, clamp=True), organization=OPEN))
    await rig.ask(body=LONG_BODY)
    assert rig.journal.logged.clamped_to
    assert rig.journal.logged.degraded_to is None


async def test_what_does_not_fit_goes_to_the_open_model_and_the_answer_says_why():
    rig = Budgeted(snapshot_with(budget(100, clamp=True), organization=OPEN))
    reply = await rig.ask(free_answer())
    assert "gpt-free" == rig.upstream.asked[0].document["model"] == rig.journal.logged.degraded_to
    headers = dict(reply.headers)
    assert b"gpt-free" == headers[b"x-headgate-degraded-to"]
    assert b"'Everybody'" in headers[b"x-headgate-changed-because"]
    assert ((), 0) == (rig.journal.sent.holds, rig.journal.settled.cost)


async def test_the_open_model_still_counts_where_requests_are_counted():
    requests = budget(1, "requests", unit=BudgetUnit.REQUESTS)
    rig = Budgeted(snapshot_with(budget(100), requests, organization=OPEN))
    await rig.ask(free_answer())
    assert ["requests"] == [held.window.split(".")[0] for held in rig.journal.sent.holds]
    rig.post()
    await refusal_of(rig)


@pytest.mark.parametrize("model", ["gpt-free", "gpt-zero"])
async def test_free_models_are_usable_over_every_money_budget(model: str):
    rig = Budgeted(snapshot_with(budget(0)))
    await rig.ask(ScriptedAnswer(200, chat_answer(model=model)), body={**CHAT_BODY, "model": model})
    assert 200 == rig.journal.logged.status
    await refusal_of(rig)


async def test_free_models_count_in_token_budgets():
    rig = Budgeted(snapshot_with(budget(10, unit=BudgetUnit.TOKENS)))
    await refusal_of(rig, body=FREE_BODY)


async def test_an_unpriced_model_is_refused_under_a_budget_also_where_it_is_allowed():
    allowed = msgspec.structs.replace(ORGANIZATION, unpriced_allowed=True)
    body = {**CHAT_BODY, "model": "gpt-unheard-of"}
    under_budget = Budgeted(snapshot_with(budget(DEAR), organization=allowed))
    assert "model_unpriced" == (await refusal_of(under_budget, Unpriced, body=body)).code
    without = Budgeted(snapshot_with(organization=allowed))
    await without.ask(ScriptedAnswer(200, chat_answer(model="gpt-unheard-of")), body=body)


async def test_a_budget_of_a_policy_refuses_with_403_in_its_name():
    rig = Budgeted(snapshot_with(budget(100, policy="Production")))
    refusal = await refusal_of(rig, Forbidden)
    assert '"Production"' in refusal.message
    assert 403 == rig.journal.logged.status


# -------------------------------------------------------------------- critical tasks


async def test_critical_tasks_go_above_the_limit_of_a_soft_budget_and_others_do_not():
    critical = ORGANIZATION.critical_tasks[0]
    rig = Budgeted(snapshot_with(budget(100, hard=DEAR)))
    await refusal_of(rig, attribution=Attribution(task="chatter"))
    await rig.ask(attribution=Attribution(task=critical))
    (held,) = rig.journal.sent.holds
    assert LeaseClass.CRITICAL is held.lease_class
    await rig.turn()
    rig.post()
    assert (COST, 0) == (sum(rig.spent.values()), sum(row.leased for row in rig.store.rows.values()))


# -------------------------------------------------------------------- shadow budgets


async def test_a_shadow_budget_refuses_nothing_and_says_what_it_would_have_done():
    rig = Budgeted(snapshot_with(budget(100, "watched", shadow=True), budget(DEAR, "kept")))
    await rig.ask()
    assert ["kept"] == [held.window.split(".")[0] for held in rig.journal.sent.holds]
    (verdict,) = rig.journal.logged.verdicts
    assert ("watched", "budget", "would_block") == (verdict.policy, verdict.rule, verdict.effect)
    assert "0.0000001 USD per day" in verdict.reason


async def test_a_shadow_budget_counts_what_fits():
    rig = Budgeted(snapshot_with(budget(DEAR, "a", shadow=True), budget(DEAR, "b")))
    await rig.ask()
    assert ["a", "b"] == [held.window.split(".")[0] for held in rig.journal.sent.holds]
    assert [COST, COST] == [charge.cost for charge in rig.journal.settled.charges]
    assert () == rig.journal.logged.verdicts


async def test_a_shadow_budget_does_not_even_refuse_while_the_store_is_away():
    rig = Budgeted(snapshot_with(budget(DEAR, "a", shadow=True)))
    rig.store.away = True
    await rig.ask()
    assert () == rig.journal.sent.holds


async def test_who_hangs_up_while_a_shadow_budget_is_asked_leaves_nothing_held():
    rig = Budgeted(snapshot_with(budget(DEAR, "kept"), budget(DEAR, "watched", shadow=True)))
    running = asyncio.create_task(rig.run(body=CHAT_BODY))
    await rig.turn()
    await until(lambda: any(account.held for account in rig.treasury.book.accounts.values()))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert {0} == {account.held for account in rig.treasury.book.accounts.values()}


# -------------------------------------------------------------------- waiting, windows, the store


async def test_a_request_that_another_makes_room_for_is_not_refused():
    rig = Budgeted(snapshot_with(budget(1_000_000)))
    first = await rig.run_until_held()
    second = asyncio.create_task(rig.run(ScriptedAnswer(200, chat_answer()), body=CHAT_BODY))
    await rig.turn()
    assert not second.done()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


async def test_when_a_window_ends_the_next_request_is_held_in_the_next_one():
    rig = Budgeted(snapshot_with(budget(600_000)))
    await rig.ask()
    rig.post()
    rig.clock.advance(86_400)
    await rig.ask()
    rig.post()
    assert {"Everybody.0.2026-01-01": COST, "Everybody.0.2026-01-02": COST} == rig.spent


async def test_a_request_is_settled_in_the_window_that_it_was_held_in():
    rig = Budgeted(snapshot_with(budget(DEAR)))

    class AtMidnight(ScriptedAnswer):
        async def body(self) -> bytes:
            rig.clock.advance(86_400)
            return await super().body()

    await rig.ask(AtMidnight(200, chat_answer()))
    rig.post()
    assert {"Everybody.0.2026-01-01": COST} == rig.spent


async def test_a_snapshot_without_a_window_for_now_serves_nothing():
    rig = Budgeted(snapshot_with(budget(DEAR)))
    rig.clock.advance(200 * 86_400)
    refusal = await refusal_of(rig, Unavailable)
    assert "calendar_ended" == refusal.code


async def test_while_the_store_is_away_a_cold_budget_is_503_and_never_429():
    rig = Budgeted(snapshot_with(budget(100)))
    rig.store.away = True
    refusal = await refusal_of(rig, Unavailable)
    assert "budget_store_unavailable" == refusal.code
    assert ([], []) == (rig.upstream.asked, rig.journal.of(Sent))


async def test_what_is_refused_waited_for_the_others_first():
    rig = Budgeted(snapshot_with(budget(1_000_000)))
    first = await rig.run_until_held()
    began = rig.clock.monotonic()
    await refusal_of(rig)
    assert PATIENCE_S <= rig.clock.monotonic() - began < 2 * PATIENCE_S
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert 2 == len(rig.journal.of(Logged))
