import json
from decimal import Decimal

import httpx2
import pytest

from headgate.client import BudgetGuard, Forbidden, NotFound
from tests.kit.python_client import Both, Scripted, refused


def quote(decision: str = "admit", reason: str | None = None) -> httpx2.Response:
    return httpx2.Response(200, json={"decision": decision, "reason": reason, "budgets": []})


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


USAGE = {
    "tokens_used": 1200,
    "tokens_limit": 100_000,
    "cost_usd": 0.25,
    "cost_limit_usd": None,
    "cost_gbp": 0.2,
    "cost_limit_gbp": None,
    "requests": 5,
}


def test_stats_are_what_the_organization_has_used_today():
    budgets = [
        {"unit": "tokens", "period": "day", "used": 1200, "limit": 100_000, "percent_used": 1.2, "shadow": False},
        {"unit": "requests", "period": "day", "used": 3, "limit": 3, "percent_used": 100, "shadow": True},
    ]
    guard, gateway = guard_of(httpx2.Response(200, content=json.dumps(USAGE | {"budgets": budgets}).encode()))
    stats = guard.get_usage_stats("org_123")
    assert 2 == len(stats.pop("budgets"))
    assert {
        "tokens_used": 1200,
        "tokens_limit": 100_000,
        "cost_usd_used": Decimal("0.25"),
        "cost_usd_limit": None,
        "cost_gbp_used": Decimal("0.2"),
        "cost_gbp_limit": None,
        "requests_used": 5,
        "requests_limit": None,
    } == stats
    assert "/api/v1/ai/usage?organization=org_123" == gateway.asked[0].url.raw_path.decode()


def test_of_budgets_of_requests_the_fullest_one_of_the_day_counts():
    def requests(used: int, limit: int, period: str = "day") -> dict:
        share = 100 * used / limit
        return {
            "unit": "requests",
            "period": period,
            "used": used,
            "limit": limit,
            "percent_used": share,
            "shadow": False,
        }

    budgets = [requests(3, 10), requests(4, 5), requests(99, 100, "month")]
    guard, gateway = guard_of(httpx2.Response(200, json=USAGE | {"budgets": budgets}))
    stats = guard.get_usage_stats(None)
    assert (4, 5) == (stats["requests_used"], stats["requests_limit"])
    assert "/api/v1/ai/usage" == gateway.asked[0].url.raw_path.decode()
