from decimal import Decimal

import msgspec
import pytest

from headgate.domain.budget import BudgetUnit, Period, Scope
from headgate.domain.errors import Forbidden, Unpriced
from headgate.domain.principal import Attribution
from headgate.domain.verdict import Verdict
from headgate.ledger.budgets import Payer
from headgate.ledger.windows import WindowState
from headgate.pipeline.assess import Asking, Assessment
from headgate.pipeline.doors import CHAT, COUNT_TOKENS, Door
from headgate.pipeline.explain import EXPECTED_OUTPUT, Quote, quote
from headgate.pipeline.foresee import foresee
from headgate.pipeline.intake import read_intake
from headgate.pipeline.wants import wants_of
from headgate.snapshot.contract import Budget, ExchangeRate
from tests.kit.budgeted import CHAT_BODY, budget, snapshot_with
from tests.kit.fakes import NOON, ORGANIZATION, PRINCIPAL, Rig, config_of

RICH = 10**9
EUR = ExchangeRate("EUR", "1.25")
ANNA = Attribution(user="anna")


def quoted(
    *budgets: Budget,
    body: dict = CHAT_BODY,
    door: Door = CHAT,
    state: WindowState | None = None,
    organization=ORGANIZATION,
    assessment: Assessment | None = None,
    **options,
) -> Quote:
    """Quote a request whose budgets all stand alike."""
    snapshot = snapshot_with(*budgets, organization=organization, exchange_rates=(EUR, ExchangeRate("USD", "1")))
    config, request = config_of(snapshot), Rig(snapshot).request(body, door)
    asking = Asking(
        request=request, intake=read_intake(door, request.body), attribution=ANNA, organization=organization
    )
    foreseen = foresee(asking, PRINCIPAL, config, Rig().health, pick=0.5)
    assessed = assessment or foreseen.first.assessment
    wants = []
    if assessed.plan is not None:
        payer = Payer(PRINCIPAL.organization_id, PRINCIPAL.key_id, ANNA)
        wants = wants_of(config.budgets.in_force(payer), NOON, assessed.plan, asking.intake)
    states = {want.need.window.id: state for want in wants} if state else {}
    return quote(asking, foreseen, assessed, wants, states, config, **{"critical": False, **options})


def stands(limit: int, *, spent: int = 0, leased: int = 0, hard: int | None = None) -> WindowState:
    return WindowState(limit, hard or limit, spent, leased, scarce=False, recall_gen=0)


def test_what_fits_would_be_admitted():
    told = quoted(budget(RICH))
    assert ("admit", None, "gpt-4o", CHAT.path) == (told.decision, told.reason, told.model, told.endpoint)
    assert [
        {
            "deployment_id": told.route[0]["deployment_id"],
            "provider": "openai",
            "model": "gpt-4o",
            "arm": None,
            "price_card": "openai/gpt-4o@always#1",
            "cost_usd": told.bound["cost_usd"],
            "resting": False,
            "refused": None,
        }
    ] == told.route
    assert told.plan is None


def test_a_budget_says_how_it_stands_and_what_it_would_hold():
    (told,) = quoted(
        budget(RICH, "Users", scope=Scope.USER, clamp=True), state=stands(RICH, spent=250_000_000, leased=1)
    ).budgets
    need = told.pop("need")
    expected = {
        "name": "Users",
        "scope": "user",
        "subject": "anna",
        "period": "day",
        "unit": "usd",
        "limit": Decimal(1),
        "spent": Decimal("0.25"),
        "held": Decimal("0.000000001"),
        "fits": True,
        "resets_at": "2026-01-02T00:00:00+00:00",
        "policy": None,
        "shadow": False,
        "may_clamp": True,
    }
    assert expected == told
    assert need == quoted(budget(RICH)).bound["cost_usd"]


def test_what_is_not_money_is_counted_whole_and_what_never_ends_never_resets():
    told = quoted(
        budget(10**6, "tokens", unit=BudgetUnit.TOKENS),
        budget(5, "ever", unit=BudgetUnit.REQUESTS, period=Period.TOTAL),
    )
    by_name = {each["name"]: each for each in told.budgets}
    assert ("tokens", 10**6, 0) == tuple(by_name["tokens"][name] for name in ("unit", "limit", "spent"))
    assert (5, 1, None) == tuple(by_name["ever"][name] for name in ("limit", "need", "resets_at"))
    assert told.bound["input_tokens"] + told.bound["output_tokens"] == by_name["tokens"]["need"]


def test_a_budget_without_room_decides_when_the_request_is_made():
    told = quoted(budget(RICH, "Full"), state=stands(RICH, spent=RICH))
    assert ("depends", "Budget 'Full' has no room for it now.") == (told.decision, told.reason)
    assert [False] == [each["fits"] for each in told.budgets]


def test_what_is_needed_to_the_last_nano_fits():
    need = int(quoted(budget(RICH)).bound["cost_usd"].scaleb(9))
    assert "admit" == quoted(budget(RICH), state=stands(RICH, spent=RICH - need)).decision
    assert "depends" == quoted(budget(RICH), state=stands(RICH, spent=RICH - need + 1)).decision


def test_a_budget_that_only_watches_decides_nothing():
    told = quoted(budget(RICH, shadow=True), state=stands(RICH, spent=RICH))
    assert ("admit", [False]) == (told.decision, [each["fits"] for each in told.budgets])


def test_a_critical_task_is_measured_by_the_hard_limit():
    soft = budget(RICH, hard=2 * RICH)
    over = stands(RICH, spent=RICH, hard=2 * RICH)
    assert "depends" == quoted(soft, state=over).decision
    told = quoted(soft, state=over, critical=True)
    assert ("admit", Decimal(2)) == (told.decision, told.budgets[0]["limit"])


def test_what_a_policy_refuses_has_its_reason_and_no_price():
    blocked = Verdict("Production", "blockedModels", "blocked", "Model gpt-4o is blocked.")
    refusal = Forbidden("Blocked, so there.", code="policy_blocked")
    told = quoted(budget(RICH), assessment=Assessment(None, (blocked,), refusal))
    assert ("refuse", "Blocked, so there.") == (told.decision, told.reason)
    assert (None, None, []) == (told.bound, told.expected, told.budgets)
    assert [
        {
            "policy": "Production",
            "rule": "blockedModels",
            "effect": "blocked",
            "reason": "Model gpt-4o is blocked.",
        }
    ] == told.policies


def test_what_cannot_be_held_is_refused_with_the_reason():
    told = quoted(refused=Unpriced("It has no end.", code="cost_unbounded"))
    assert ("refuse", "It has no end.") == (told.decision, told.reason)


def test_the_closer_bound_is_between_what_is_expected_and_the_first_one():
    body = {**CHAT_BODY, "messages": [{"role": "user", "content": "\u00e9" * 1_000}]}
    told = quoted(body=body)
    assert told.expected["cost_usd"] < told.bound["tight_cost_usd"] < told.bound["cost_usd"]


def test_what_is_expected_is_told_in_other_currencies_too():
    expected = quoted().expected
    assert (expected["cost_usd"] / Decimal("1.25")).quantize(Decimal("0.000000001")) == expected["cost_eur"]
    assert {"cost_usd", "cost_eur", "input_tokens", "output_tokens"} == set(expected)


@pytest.mark.parametrize(("limit", "expected"), [(50, 50), (900, EXPECTED_OUTPUT), (None, EXPECTED_OUTPUT)])
def test_an_answer_is_expected_to_be_no_longer_than_usual(limit: int | None, expected: int):
    assert expected == quoted(body={**CHAT_BODY, "max_tokens": limit}).expected["output_tokens"]


def test_what_has_no_price_has_no_figures_of_money():
    organization = msgspec.structs.replace(ORGANIZATION, unpriced_allowed=True)
    told = quoted(body={**CHAT_BODY, "model": "gpt-unheard-of"}, organization=organization)
    assert (None, None, None) == (told.bound["cost_usd"], told.bound["tight_cost_usd"], told.expected)
    assert 50 == told.bound["output_tokens"]


def test_what_nobody_bills_costs_nothing():
    told = quoted(budget(RICH), body={"model": "claude-sonnet-4-5", "messages": []}, door=COUNT_TOKENS)
    assert (Decimal(0), 0, None, []) == (
        told.bound["cost_usd"],
        told.bound["input_tokens"],
        told.expected,
        told.budgets,
    )
