import json
from decimal import Decimal

import httpx2
import pytest

from headgate.client import BudgetGuard, Forbidden, NotFound
from tests.kit.python_client import Both, Scripted, refused


def quote(decision: str = "admit", reason: str | None = None, budgets: list | None = None) -> httpx2.Response:
    return httpx2.Response(200, json={"decision": decision, "reason": reason, "budgets": budgets or []})


def budget(scope: str, unit: str, spent: object, limit: object, *, shadow: bool = False) -> dict:
    return {"name": "B", "scope": scope, "unit": unit, "spent": spent, "limit": limit, "shadow": shadow}


def guard_of(*script) -> tuple[BudgetGuard, Scripted]:
    both = Both("sync", Scripted(*script))
    return BudgetGuard(object(), model="gpt-4o", client=both.client), both.gateway


def test_a_call_that_would_be_admitted_may_be_made():
    guard, gateway = guard_of(quote())
    assert (True, "Its budgets have room and no policy objects.") == guard.can_use_hosted_model("org_123", "caption")
    (request,) = gateway.asked
    assert ("org_123", "caption") == (request.headers["x-headgate-organization"], request.headers["x-headgate-task"])


@pytest.mark.parametrize("decision", ["depends", "refuse"])
def test_a_call_that_has_no_room_or_is_refused_may_not_and_says_why(decision: str):
    guard, _ = guard_of(quote(decision, "Budget 'Search' has no room for it now."))
    assert (False, "Budget 'Search' has no room for it now.") == guard.can_use_hosted_model("org_123", "caption")


@pytest.mark.parametrize(
    ("status", "code"), [(403, "model_not_allowed"), (402, "model_unpriced"), (429, "limit_exceeded")]
)
def test_what_the_call_would_be_told_is_a_reason(status: int, code: str):
    guard, _ = guard_of(refused(status, code, x_should_retry="false"))
    assert (False, f"Because of {code}.") == guard.can_use_hosted_model("org_123", "caption")


@pytest.mark.parametrize(
    ("kind", "status", "code"), [(Forbidden, 403, "organization_mismatch"), (NotFound, 404, "model_not_found")]
)
def test_a_question_that_is_wrong_is_no_answer(kind: type, status: int, code: str):
    guard, _ = guard_of(refused(status, code))
    with pytest.raises(kind):
        guard.can_use_hosted_model("org_123", "caption")


def test_stats_are_those_of_the_organizations_own_budgets():
    budgets = [
        budget("system", "usd", 7, 1000),
        budget("organization", "usd", 0.25, 50),
        budget("organization", "tokens", 1200, 100_000),
        budget("organization", "requests", 5, 10, shadow=True),
        budget("user", "tokens", 3, 4),
    ]
    text = json.dumps({"decision": "admit", "reason": None, "budgets": budgets})
    guard, _ = guard_of(httpx2.Response(200, content=text.encode()))
    stats = guard.get_usage_stats("org_123")
    assert 5 == len(stats.pop("budgets"))
    assert {
        "tokens_used": 1200,
        "tokens_limit": 100_000,
        "cost_usd_used": Decimal("0.25"),
        "cost_usd_limit": 50,
        "requests_used": None,
        "requests_limit": None,
    } == stats


def test_without_a_budget_of_its_own_everybodys_counts():
    guard, _ = guard_of(quote(budgets=[budget("system", "usd", 7, 1000), budget("user", "usd", 1, 5)]))
    stats = guard.get_usage_stats(None)
    assert (7, 1000, None) == (stats["cost_usd_used"], stats["cost_usd_limit"], stats["tokens_limit"])
