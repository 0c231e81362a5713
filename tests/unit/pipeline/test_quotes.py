import msgspec
import pytest

from headgate.domain.budget import Scope
from headgate.domain.errors import Forbidden, NotAuthenticated, NotFound, Unavailable, Unpriced
from headgate.domain.ids import DeploymentId
from headgate.domain.principal import Attribution
from headgate.pipeline.doors import RESPONSES
from headgate.pipeline.explain import Quote
from headgate.pricing.afford import LONGEST_UNKNOWN
from headgate.routing.failures import Blame, Finding
from headgate.snapshot.contract import Arm, Policy, RouteRule, Snapshot, Strategy
from tests.kit.budgeted import CHAT_BODY, Budgeted, budget, snapshot_with
from tests.kit.fakes import ORGANIZATION, PRINCIPAL, Rig, price_card, snapshot_of

RICH = 10**9
ENDLESS = price_card("openai", "gpt-endless", context_window=None, max_output=None)
ENDLESS_BODY = {"model": "gpt-endless", "messages": [{"role": "user", "content": "Hello"}]}


async def quote(rig: Rig, body=CHAT_BODY, **changes) -> Quote:
    quotes = rig.quotes()
    return await quotes.answer(rig.request(body, **changes))


def with_cards(snapshot: Snapshot, *cards) -> Snapshot:
    return msgspec.structs.replace(snapshot, cards=cards)


async def test_a_quote_counts_holds_sends_and_records_nothing():
    rig = Rig(snapshot_with(budget(RICH)))
    told = await quote(rig)
    assert ("admit", ["Everybody"]) == (told.decision, [each["name"] for each in told.budgets])
    assert ([], [], {}, {}) == (rig.upstream.asked, rig.journal.records, rig.store.rows, rig.store.leases)


async def test_a_quote_tells_what_the_store_says_of_a_window():
    rig = Budgeted(snapshot_with(budget(RICH)))
    await rig.ask()
    rig.post()
    told = await quote(rig)
    assert rig.journal.settled.cost == told.budgets[0]["spent"].scaleb(9)


async def test_budgets_of_the_key_and_of_whom_the_body_names_are_in_it():
    rig = Rig(snapshot_with(budget(RICH, "of anna", scope=Scope.USER, subject="anna", organization_id=ORGANIZATION.id)))
    rig.keys.key_budgets = (budget(RICH, "of the key", scope=Scope.KEY, subject=PRINCIPAL.key_id),)
    told = await quote(rig, {**CHAT_BODY, "user": "anna"})
    assert {"of anna", "of the key"} == {each["name"] for each in told.budgets}


async def test_what_a_policy_blocks_is_told_and_not_raised():
    policy = Policy(id="p", organization_id=ORGANIZATION.id, name="Production", blocked_models=("gpt-4o",))
    told = await quote(Rig(msgspec.structs.replace(snapshot_with(budget(RICH)), policies=(policy,))))
    assert ("refuse", []) == (told.decision, told.budgets)
    assert ["blockedModels"] == [each["rule"] for each in told.policies]


async def test_what_no_budget_can_bound_is_told_to_be_refused():
    told = await quote(Rig(with_cards(snapshot_with(budget(RICH)), ENDLESS)), ENDLESS_BODY)
    assert "refuse" == told.decision
    assert "set 'max_tokens'" in told.reason
    assert told.bound["cost_usd"] is None


async def test_what_would_be_clamped_to_get_a_bound_is_told_with_what_would_be_held():
    told = await quote(Rig(with_cards(snapshot_with(budget(RICH, clamp=True)), ENDLESS)), ENDLESS_BODY)
    assert ("admit", None) == (told.decision, told.reason)
    assert told.budgets[0]["need"].scaleb(9) > LONGEST_UNKNOWN * 4_000


@pytest.mark.parametrize(("task", "expected"), [("nightly", "admit"), ("chat", "depends")])
async def test_a_critical_task_may_go_to_the_hard_limit(task: str, expected: str):
    organization = msgspec.structs.replace(ORGANIZATION, critical_tasks=("nightly",))
    rig = Rig(snapshot_with(budget(1, hard=RICH), organization=organization))
    assert expected == (await quote(rig, attribution=Attribution(task=task))).decision


async def test_who_may_not_ask_gets_no_quote():
    with pytest.raises(NotAuthenticated):
        await quote(Rig(), key_hash=b"another")
    with pytest.raises(Forbidden):
        await quote(Rig(snapshot_of(organization=msgspec.structs.replace(ORGANIZATION, enabled=False))))
    with pytest.raises(Forbidden) as refusal:
        await quote(Rig(principal=msgspec.structs.replace(PRINCIPAL, allowed_models=("claude-*",))))
    assert "model_not_allowed" == refusal.value.code
    with pytest.raises(NotFound):
        await quote(Rig(), {**CHAT_BODY, "model": "no-such-model"})


async def test_without_the_store_or_without_a_calendar_there_is_no_quote():
    rig = Rig(snapshot_with(budget(RICH)))
    rig.store.away = True
    with pytest.raises(Unavailable):
        await quote(rig)
    ended = Rig(msgspec.structs.replace(snapshot_with(budget(RICH)), calendars=()))
    with pytest.raises(Unavailable) as refusal:
        await quote(ended)
    assert "calendar_ended" == refusal.value.code


SPLIT = RouteRule(
    id="r",
    organization_id=None,
    name="fast",
    strategy=Strategy.SPLIT,
    arms=(Arm(name="now", model="gpt-4o"), Arm(name="new", model="claude-sonnet-4-5")),
)
ROUTED = {**CHAT_BODY, "model": "fast"}


async def test_a_route_is_told_with_the_assigned_arm_and_every_deployment_in_order():
    rig = Rig(msgspec.structs.replace(snapshot_with(budget(RICH)), routes=(SPLIT,)))
    told = await quote(rig, ROUTED)
    assert {"route": "fast", "strategy": "split", "arm": told.route[0]["arm"]} == told.plan
    assert {("now", "openai"), ("new", "anthropic")} == {(each["arm"], each["provider"]) for each in told.route}
    assert told.bound["cost_usd"] == told.route[0]["cost_usd"] > 0
    assert [(False, None), (False, None)] == [(each["resting"], each["refused"]) for each in told.route]


async def test_a_deployment_at_rest_is_told_to_be_and_where_all_rest_it_depends():
    rig = Rig(msgspec.structs.replace(snapshot_with(budget(RICH)), routes=(SPLIT,)))
    for number, id_ in enumerate(("env:openai", "env:anthropic"), 1):
        rig.health.admit(id_, again=False)
        rig.health.failed(id_, Finding(retry=False, fall_back=True, blame=Blame.DOWN), since=0)
        told = await quote(rig, ROUTED)
        assert number == sum(each["resting"] for each in told.route)
    assert ("depends", "Every deployment that may serve it failed a moment ago and rests.") == (
        told.decision,
        told.reason,
    )


async def test_where_none_has_a_price_the_quote_is_refused_as_the_call_is():
    with pytest.raises(Unpriced):
        await quote(Rig(), {**CHAT_BODY, "model": "gpt-unheard-of"})


async def test_a_quote_knows_what_a_request_goes_on_from():
    rig = Rig()
    body = {"model": "gpt-4o", "input": "Hello", "previous_response_id": "resp_1"}
    with pytest.raises(NotFound, match="resp_1"):
        await rig.quotes().answer(rig.request(body, door=RESPONSES))
    rig.kept.remember(PRINCIPAL.organization_id, "resp_1", DeploymentId("env:openai"))
    assert await rig.quotes().answer(rig.request(body, door=RESPONSES))
