import asyncio
import contextlib

import msgspec
import pytest

from headgate.domain.budget import BudgetId, BudgetUnit, Period, Scope
from headgate.domain.outcome import Outcome
from headgate.ledger.records import Raised
from headgate.pipeline.doors import STREAM_GENERATE_CONTENT
from headgate.pipeline.intake import read_intake
from headgate.pipeline.plan import price_plan
from headgate.pipeline.request import Reply
from headgate.pipeline.topup import part_of
from headgate.snapshot.contract import Budget, Calendar, Edge
from tests.kit.fakes import ORGANIZATION, Rig, ScriptedAnswer, event, price_card, read_all, snapshot_of

WORDS = 900
TOTAL = Calendar(id="total:UTC", edges=(Edge("total", 0, None),))
BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
# 1,000 nano-USD per token in, 4,000 out; the model gives at most 1,000 tokens.
WHOLE_HOLD = 4_000_000


def budget(limit: int, **changes) -> Budget:
    whole = Budget(
        id=BudgetId("b"),
        organization_id=None,
        name="Everybody",
        scope=Scope.SYSTEM,
        period=Period.TOTAL,
        calendar=TOTAL.id,
        unit=BudgetUnit.MONEY,
        limit=limit,
        hard=limit,
        top_up=True,
    )
    return msgspec.structs.replace(whole, **changes)


def long_stream(words: int = WORDS) -> list[bytes]:
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
    events = [event(head | {"choices": [{"index": 0, "delta": {"content": "w"}, "finish_reason": None}]})] * words
    events.append(event(head | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
    usage = {"prompt_tokens": 20, "completion_tokens": words, "total_tokens": words + 20}
    return [*events, event(head | {"choices": [], "usage": usage}), event("[DONE]")]


@contextlib.asynccontextmanager
async def rig_with(limit: int, **changes):
    snapshot = msgspec.structs.replace(snapshot_of(), budgets=(budget(limit, **changes),), calendars=(TOTAL,))
    rig = Rig(snapshot)
    running = asyncio.create_task(rig.treasury.run())
    try:
        yield rig
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headgate.pipeline.treasury.PATIENCE_S", 0.0)


async def stream(rig: Rig, **changes) -> tuple[Reply, bytes]:
    reply = await rig.run(ScriptedAnswer(200, long_stream(**changes)), body=BODY)
    return reply, await read_all(reply)


async def test_a_stream_that_fits_whole_is_not_topped_up():
    async with rig_with(2 * WHOLE_HOLD) as rig:
        reply, _ = await stream(rig)
        assert b"x-headgate-topped-up" not in dict(reply.headers)
        assert [] == rig.journal.of(Raised)


async def test_a_stream_draws_on_and_every_draw_is_on_record_before_it_is_used():
    async with rig_with(WHOLE_HOLD - 1) as rig:
        reply, given = await stream(rig, words=600)
        assert b"true" == dict(reply.headers)[b"x-headgate-topped-up"]
        assert given.endswith(b"data: [DONE]\n\n")
        raised = rig.journal.of(Raised)
        assert raised
        assert rig.journal.sent.hold < raised[0].hold < WHOLE_HOLD
        assert (Outcome.OK, 20_000 + 600 * 4_000) == (rig.journal.settled.outcome, rig.journal.settled.cost)
        (charge,) = rig.journal.settled.charges
        assert (2_420_000, 2_420_000) == (charge.cost, charge.from_lease)


async def test_a_stream_whose_money_runs_out_ends_validly_and_costs_what_it_held():
    async with rig_with(3_000_000) as rig:
        _, given = await stream(rig)
        assert given.endswith(b"data: [DONE]\n\n")
        assert b'"finish_reason":"length"' in given
        assert 0 < given.count(b'"w"') < WORDS
        settled = rig.journal.settled
        held = rig.journal.of(Raised)[-1]
        assert (Outcome.ESTIMATED, "cut_short", held.hold) == (settled.outcome, settled.error, settled.cost)
        assert settled.cost <= 3_000_000
        (charge,) = settled.charges
        assert (held.hold, held.hold) == (charge.cost, charge.from_lease)


async def test_nothing_is_lost_of_what_a_topped_up_stream_held():
    async with rig_with(WHOLE_HOLD - 1) as rig:
        await stream(rig, words=100)
        (account,) = rig.treasury.book.accounts.values()
        (row,) = (await rig.store.states([account.window.id])).values()
        cost = rig.journal.settled.cost
        assert row.leased - cost == account.normal.free
        assert 0 == account.normal.held


async def test_a_full_journal_cuts_the_stream_instead_of_spending_unrecorded():
    async with rig_with(WHOLE_HOLD - 1) as rig:
        reply = await rig.run(ScriptedAnswer(200, long_stream()), body=BODY)
        rig.journal.full = True
        given = await read_all(reply)
        assert b'"finish_reason":"length"' in given
        assert [] == rig.journal.of(Raised)
        (account,) = rig.treasury.book.accounts.values()
        assert 0 == account.normal.held


async def test_budgets_that_do_not_top_up_refuse():
    async with rig_with(2_000_000, top_up=False) as rig:
        with pytest.raises(Exception, match="Everybody"):
            await stream(rig)


@pytest.mark.parametrize(
    ("model", "config", "begins_with_a_part"),
    [
        ("gemini-2.5-flash", {}, False),
        ("gemini-2.5-flash", {"thinkingConfig": {"thinkingBudget": 0}}, True),
        ("gemini-2.0-flash", {}, True),
        ("gemini-2.0-flash", {"thinkingConfig": {"includeThoughts": True}}, False),
    ],
)
def test_a_model_that_may_think_unseen_begins_with_its_whole_hold(model: str, config: dict, begins_with_a_part: bool):
    body = msgspec.json.encode({"contents": [{"parts": [{"text": "Hello"}]}], "generationConfig": config})
    rig = Rig(snapshot_of(cards=(price_card("google", model),)), environ={"GEMINI_API_KEY": "k"})
    path = f"/v1beta/models/gemini/{model}:streamGenerateContent"
    request = msgspec.structs.replace(rig.request(door=STREAM_GENERATE_CONTENT), path=path, body=body)
    intake = read_intake(request.door, body, path=path)
    config_in_force = rig.configs.current()
    (target,) = config_in_force.routes.targets(intake.model, organization_id=ORGANIZATION.id, shared=True)
    plan = price_plan(request, intake, target, ORGANIZATION, config_in_force)
    assert begins_with_a_part == (part_of(plan, intake, config_in_force) is not None)


@pytest.mark.parametrize(
    ("operator", "more", "begins_with_a_part"),
    [
        ("mistral", {"tools": [{"type": "function", "function": {"name": "look_up"}}]}, False),
        ("mistral", {"functions": [{"name": "look_up"}]}, False),
        ("mistral", {}, True),
        ("deepseek", {"tools": [{"type": "function", "function": {"name": "look_up"}}]}, True),
    ],
)
def test_calls_that_are_shown_only_when_whole_begin_with_the_whole_hold(
    operator: str, more: dict, begins_with_a_part: bool
):
    cards = (price_card("mistral", "some-model"), price_card("deepseek", "some-model"))
    rig = Rig(snapshot_of(cards=cards), environ={"MISTRAL_API_KEY": "k", "DEEPSEEK_API_KEY": "k"})
    request = rig.request(msgspec.json.encode(BODY | more | {"model": f"{operator}/some-model"}))
    intake = read_intake(request.door, request.body)
    config = rig.configs.current()
    (target,) = config.routes.targets(intake.model, organization_id=ORGANIZATION.id, shared=True)
    plan = price_plan(request, intake, target, ORGANIZATION, config)
    assert begins_with_a_part == (part_of(plan, intake, config) is not None)
