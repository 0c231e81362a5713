"""What the five seeds name of the rows that are built: endpoints, fields, variables, columns, pages; and what is not built yet.

Read line by line out of the documents; Python names are in `seed_names.py`, models in `seeds.py`.
"""

from typing import Any, NamedTuple


class Endpoint(NamedTuple):
    """A call, who makes it, and fields that stand in its answer; `a.b` is a field of a field, `[]` the first of a list."""

    seed: str
    row: str
    method: str
    path: str
    who: str
    """`admin`: by his session; `key`; `key in x-pulse-key`."""
    fields: tuple[str, ...]
    body: Any = None
    status: int = 200


ANALYTICS = "/api/v1/ai/analytics"
SUMS = ("total_cost_usd", "total_requests", "avg_latency_ms")
COST_RECORD = (
    "cost_usd",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "daily_spend",
    "monthly_spend",
    "limit_exceeded",
)
ASK = {
    "model": "sim/small",
    "prompt": "Say hello",
    "teamId": "team-123",
    "projectId": "project-456",
    "appId": "app-789",
    "clientId": "client-1",
    "taskType": "code-review",
    "maxTokens": 100,
    "temperature": 0.7,
}
CHAT = {**ASK, "messages": [{"role": "user", "content": "What is 2+2?"}]}
del CHAT["prompt"]
ENDPOINTS = (
    Endpoint("000", "E4", "GET", f"{ANALYTICS}/user/", "admin", SUMS),
    Endpoint("000", "E4", "GET", f"{ANALYTICS}/user/?user_id=u1&days=30", "key", SUMS),
    Endpoint(
        "000",
        "E4",
        "GET",
        f"{ANALYTICS}/user/spend-limit/",
        "admin",
        (
            *("blocked", "daily_spend", "daily_limit", "daily_percent_used"),
            *("monthly_spend", "monthly_limit", "monthly_percent_used"),
        ),
    ),
    Endpoint("000", "E4", "GET", f"{ANALYTICS}/system/?days=7", "admin", SUMS),
    Endpoint("000", "E5", "GET", f"{ANALYTICS}/system/", "key", ("by_user[].user_id", "by_model[].name", "error_rate")),
    Endpoint("000", "E4", "POST", f"{ANALYTICS}/user/u1/reset/", "admin", ("user_id", "reset")),
    Endpoint("000", "E4", "GET", f"{ANALYTICS}/langsmith/health/", "admin", ("connected", "project", "tracing")),
    Endpoint("000", "B14", "GET", f"{ANALYTICS}/requests/", "key", tuple(f"requests[].{each}" for each in COST_RECORD)),
    Endpoint(
        "003",
        "D5",
        "GET",
        "/api/v1/ai/usage",
        "key",
        ("tokens_used", "tokens_limit", "cost_gbp", "hours[].tokens"),
    ),
    Endpoint("003", "D5", "GET", "/api/v1/ai/budget", "key", ("daily_token_limit", "daily_cost_limit_gbp", "budgets")),
    Endpoint(
        "003", "D5", "POST", "/api/v1/ai/budget", "admin", ("changed", "budgets[].limit"), {"daily_token_limit": 10**6}
    ),
    Endpoint("003", "D5", "POST", "/api/v1/ai/reset-daily", "admin", ("reset", "kept"), {"reason": "a test"}),
    Endpoint("004", "C4", "POST", "/api/ai/request", "key", ("success", "content", "estimatedCostEur"), ASK),
    Endpoint("004", "C4", "POST", "/api/ai/request", "key in x-pulse-key", ("success", "content"), CHAT),
    Endpoint("004", "C4", "POST", "/api/ai/request", "admin", ("success", "content", "estimatedCostEur"), ASK),
    Endpoint("004", "C4", "POST", "/api/ai/request", "key", ("success", "error"), {**ASK, "model": "sim/large"}, 403),
    Endpoint("004", "C6", "GET", "/costs?source=AI&teamId=team-123", "key", ("source", "items[].costUsd")),
    Endpoint("004", "C6", "GET", "/costs?source=AI&projectId=project-456", "key", ("items[].totalTokens",)),
    Endpoint("004", "C6", "GET", "/costs?source=AI&model=sim/small", "key", ("items[].values.model",)),
    Endpoint(
        "004",
        "C6",
        "GET",
        "/costs?groupBy=teamId,projectId,appId,clientId",
        "key",
        tuple(f"items[].values.{each}" for each in ("teamId", "projectId", "appId", "clientId")),
    ),
)
"""In an order in which each finds what it needs."""
BLOCKED = 'Model sim/large is blocked by policy "Production Policy"'
POLICY_FIELDS = ("allowed_models", "blocked_models", "max_cost_per_day_eur", "max_tokens_per_request")
"""`allowedModels, blockedModels, maxCostPerDayEur, maxTokensPerReq` of seed 004, as our rows have them."""


class Sql(NamedTuple):
    """A statement as a seed has it, and columns of what it finds."""

    seed: str
    row: str
    statement: str
    columns: tuple[str, ...]


WHOM = ("userId", "teamId", "projectId", "appId", "clientId", "model")
STATEMENTS = (
    Sql(
        "004",
        "C5",
        """SELECT * FROM "AiRequestLog" \nWHERE "orgId" = 'org-id' \nORDER BY "occurredAt" DESC \nLIMIT 100;""",
        ("orgId", "occurredAt", "promptHash", "totalTokens", "latencyMs", "status", *WHOM),
    ),
    Sql("004", "C5", """SELECT * FROM "CostEvent" WHERE source = 'AI'""", ("source", "orgId", "costUsd", *WHOM)),
    Sql(
        "002",
        "C5",
        "SELECT * FROM ai_gateway_logs",
        (
            *("request_id", "tenant_id", "user_id", "agent_id", "timestamp", "model", "provider"),
            *("total_tokens", "cost", "latency_ms", "success"),
        ),
    ),
    Sql(
        "003", "C5", "SELECT * FROM ai_budgets", ("org_id", "tokens_used", "tokens_limit", "cost_usd", "cost_limit_usd")
    ),
)
SWITCH = """UPDATE "Organization" SET "aiGatewayEnabled" = true WHERE id = 'org-id';"""
"""Refused, and it says what does the same: see `docs/reference/sql-views.md`."""


class Page(NamedTuple):
    """A page, and words that stand on it."""

    seed: str
    row: str
    path: str
    words: tuple[str, ...]


PAGES = (
    Page("001", "F1", "/admin/", ("AI Analytics Dashboard",)),
    Page("001", "F1", "/admin/ai-analytics/", ("LangSmith", "Total cost", "Error rate")),
    Page("001", "F2", "/admin/ai-analytics/users/", ("All", "OK", "Warning", "Exceeded", "E-mail", "Monthly")),
    Page("001", "F2", "/admin/ai-analytics/users/users.csv", ("Username,Daily Spend,Monthly Spend",)),
    Page("001", "F3", "/admin/ai-analytics/system/", ("p50", "p95", "p99", "endpoint", "Hour", "Day", "Week")),
    Page("003", "D6", "/dev/ai-usage", ("Live usage", "Limits of a day", "Reset today")),
    Page("004", "C7", "/admin/ai", ("Recent requests", "Time", "Model", "Tokens", "Cost", "Status")),
    Page("004", "C6", "/costs?source=AI&teamId=team-123", ("Costs",)),
)
VARIABLES = (
    ("000", "E1", "LANGSMITH_API_KEY"),
    ("000", "E1", "LANGSMITH_PROJECT"),
    ("000", "E1", "LANGSMITH_TRACING_ENABLED"),
    ("000", "B5", "AI_COST_TRACKING_ENABLED"),
    ("000", "B5", "AI_MONTHLY_SPEND_LIMIT_USD"),
    ("000", "B5", "AI_USER_DAILY_SPEND_LIMIT_USD"),
    ("002", "G2", "OPENAI_API_KEY"),
    ("002", "G2", "ANTHROPIC_API_KEY"),
    ("003", "C8", "REDIS_URL"),
    ("003", "D6", "DEV_TOOLS_ENABLED"),
    ("003", "B7", "AI_BUDGET_SOFT_LIMIT_MULTIPLIER"),
)
"""Documented; `tests/docs/test_settings.py` holds the page to what the source reads."""
RESULT_FIELDS = (
    *("request_id", "content", "usage", "latency_ms", "cost", "model", "provider"),
    *("finish_reason", "timestamp", "from_cache"),
)
"""Of seed 002's answer, as the Python client has them."""
NOT_BUILT = (
    ("000", "E6", "alerts: error rate over 5 %, slow requests over 5 s, daily spend over 100 USD, provider outages"),
    ("000", "E6", "a weekly report of costs"),
    ("000", "D1", "answers out of a cache"),
    ("001", "E6", "e-mail when a limit is exceeded"),
    ("002", "E3", "the log line [AI Gateway] {requestId, tenantId, model, latencyMs, cost, tokens, success}"),
    ("002", "E6", "alerts of budgets"),
    ("002", "E7", "Sentry, DataDog and webhooks of one's own"),
    ("002", "A14", "AIGatewayService.generateText, generateTextStream, in TypeScript"),
    ("002", "D1", "a layer that caches"),
    ("003", "D1", "AI_CACHE_TTL_SECS"),
    ("003", "D1", "identical requests come out of a cache, from_cache is true"),
    ("003", "D3", "tasks with a model that they prefer"),
    ("003", "D4", "batches at the providers' price"),
    (
        "003",
        "E2",
        "spans ai.generate.{task}: ai.task, ai.provider, ai.org_id, ai.cache_hit, ai.tokens_in/out, ai.cost_gbp",
    ),
    ("003", "D2", "a semantic cache"),
    ("004", "A14", "aiRequest({orgId, actorUserId, input, metadata, maxTokens, temperature}), in TypeScript"),
    ("004", "E6", "alerts of cost spikes"),
)
"""Seed, row, and what of it does not answer yet. A variable here must not be documented: then it is built."""
