"""The seeds' own lines run as they are written, but for the import."""

from decimal import Decimal

import httpx2
import pytest

from headgate import client as package
from headgate.client import (
    AsyncHeadgate,
    BudgetGuard,
    EnhancedAIRouter,
    GenerationRequest,
    Headgate,
    defaults,
    langsmith_service,
)
from tests.kit.python_client import Both, Scripted, answered
from tests.kit.seed_names import NOT_TRUE_YET, PYTHON_NAMES


def test_every_name_is_there():
    places = (package, Headgate, AsyncHeadgate)
    missing = [(seed, name) for seed, name in PYTHON_NAMES if not any(hasattr(place, name) for place in places)]
    assert [] == missing


def test_what_is_not_true_yet_is_said():
    for seed, name, why in NOT_TRUE_YET:
        print(f"seed {seed}: {name}: {why}")
    assert [] == [name for _, name, _ in NOT_TRUE_YET if not hasattr(package, name.partition(".")[0])]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """The process's own client, and a model from the environment."""
    gateway = Scripted()
    monkeypatch.setenv("HEADGATE_MODEL", "gpt-4o-mini")
    monkeypatch.setenv("HEADGATE_API_KEY", "k")
    defaults.default_client.cache_clear()
    both = Both("sync", gateway)
    for module in ("langsmith_service", "ai_provider", "budget_guard"):
        monkeypatch.setattr(f"headgate.client.{module}.default_client", lambda: both.client)
    return gateway


def test_seed_000(scripted: Scripted):
    scripted.script = [
        httpx2.Response(200, content=b'{"total_cost_usd": 1.25, "total_requests": 3, "avg_latency_ms": 12.5}'),
        answered(),
    ]
    analytics = langsmith_service.get_user_analytics(user_id=123, days=30)
    assert (Decimal("1.25"), 3, Decimal("12.5")) == (
        analytics["total_cost_usd"],
        analytics["total_requests"],
        analytics["avg_latency_ms"],
    )
    with langsmith_service.create_trace(
        name="custom_feature", inputs={"query": "q"}, tags=["feature-x", "experimental"], user_id=7
    ):
        assert "Hi there" == package.AIProvider(provider="openai", user_id=7).complete("Hello")


def test_seed_003_budgets(scripted: Scripted):
    admitted = {"decision": "admit", "reason": None, "budgets": []}
    costs = dict.fromkeys(("cost_usd", "cost_limit_usd", "cost_gbp", "cost_limit_gbp"))
    usage = {"tokens_used": 5, "tokens_limit": 10, "requests": 1, "budgets": []} | costs
    scripted.script = [httpx2.Response(200, json=admitted), httpx2.Response(200, json=usage)]
    db_session = object()
    budget_guard = BudgetGuard(db_session)
    can_use, reason = budget_guard.can_use_hosted_model("org_123", "caption")
    stats = budget_guard.get_usage_stats("org_123")
    assert (True, "5/10") == (can_use, f"{stats['tokens_used']}/{stats['tokens_limit']}")
    assert reason


async def test_seed_003_router(scripted: Scripted):
    db_session = object()
    router = EnhancedAIRouter(db_session)
    router._client = Both("async", Scripted(*[answered() for _ in range(6)])).client
    request = GenerationRequest(
        task="caption",
        prompt="Write a caption about our new product",
        system="You are a social media assistant",
        org_id="org_123",
    )
    result = await router.generate(request)
    assert ("Hi there", False, None) == (result.text, result.from_cache, result.cost_gbp)
    requests = [GenerationRequest(task="caption", prompt=f"Caption {i}", org_id="org_123") for i in range(5)]
    assert 5 == len(await router.batch_generate(requests))
