"""What each view shows. The names are those of seeds 002, 003 and 004; `docs/reference/sql-views.md` has them all.

Amounts are exact in `costNanoUsd` and the like. In USD they are exact on Postgres; SQLite has no decimal numbers.
"""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "sqlite": {
        "usd": "/ 1000000000.0",
        "now": "CAST(strftime('%s', 'now') AS INTEGER)",
        "moment": "datetime({0}, 'unixepoch')",
    },
    "postgresql": {
        "usd": "* 0.000000001",
        "now": "CAST(extract(epoch FROM now()) AS BIGINT)",
        "moment": "to_timestamp({0})",
    },
}
"""Where the two databases differ, by Django's name for them."""

_WHOM = """
    organization_id AS "orgId",
    end_user AS "userId",
    team AS "teamId",
    project AS "projectId",
    app AS "appId",
    client AS "clientId",
    agent AS "agentId",
    key_id AS "keyId",
    task AS "taskType",
    endpoint,
"""
_COUNTED = """
    prompt_tokens AS "inputTokens",
    completion_tokens AS "outputTokens",
    total_tokens AS "totalTokens",
"""
AI_REQUEST_LOG: Final = """
SELECT
    request_id AS id,
    request_id AS "requestId",
    occurred_at AS "occurredAt",
    {whom}
    original_model AS model,
    response_model AS "responseModel",
    provider,
    prompt_sha256 AS "promptHash",
    {counted}
    latency_ms AS "latencyMs",
    CASE WHEN outcome IN ('ok', 'estimated') THEN 'success' WHEN outcome = 'refused' THEN 'blocked' ELSE 'error' END
        AS status,
    status AS "httpStatus",
    outcome,
    error,
    message,
    verdicts,
    attempts,
    cost_nano {usd} AS "costUsd",
    cost_nano AS "costNanoUsd"
FROM headgate_request_log
"""
COST_EVENT: Final = """
SELECT
    event_id AS id,
    'AI' AS source,
    occurred_at AS "occurredAt",
    {whom}
    request_id AS "requestId",
    attempt,
    original_model AS model,
    response_model AS "responseModel",
    provider,
    {counted}
    amount_nano {usd} AS "costUsd",
    amount_nano AS "costNanoUsd",
    'USD' AS currency,
    estimated,
    outcome,
    card_id AS "cardId"
FROM headgate_cost_event
"""
AI_GATEWAY_LOGS: Final = """
SELECT
    request_id,
    occurred_at AS timestamp,
    organization_id AS tenant_id,
    end_user AS user_id,
    agent AS agent_id,
    original_model AS model,
    provider,
    prompt_tokens,
    completion_tokens,
    total_tokens,
    latency_ms,
    cost_nano {usd} AS cost,
    cost_nano AS cost_nano_usd,
    outcome IN ('ok', 'estimated') AS success,
    error
FROM headgate_request_log
"""
AI_BUDGETS: Final = """
SELECT
    budget.id,
    organization.id AS org_id,
    budget.name,
    budget.unit,
    budget."limit" AS daily_limit,
    budget.currency,
    CASE WHEN budget.unit = 'tokens' THEN COALESCE(win.limit_amount, budget."limit") END AS tokens_limit,
    CASE WHEN budget.unit = 'tokens' THEN COALESCE(win.spent, 0) END AS tokens_used,
    CASE WHEN budget.unit = 'money' THEN COALESCE(win.limit_amount {usd},
        CASE WHEN budget.currency = 'USD' THEN budget."limit" END) END AS cost_limit_usd,
    CASE WHEN budget.unit = 'money' THEN COALESCE(win.spent, 0) {usd} END AS cost_usd,
    CASE WHEN budget.unit = 'requests' THEN COALESCE(win.limit_amount, budget."limit") END AS requests_limit,
    CASE WHEN budget.unit = 'requests' THEN COALESCE(win.spent, 0) END AS requests_used,
    COALESCE(win.leased, 0) AS held,
    budget.soft,
    budget.source AS set_by,
    {opened} AS period_start,
    {ends} AS resets_at
FROM headgate_budget budget
JOIN headgate_organization organization
    ON budget.organization_id = organization.id OR budget.organization_id IS NULL
LEFT JOIN headgate_budget_subject_epoch own
    ON own.budget_id = budget.id AND own.organization_id = organization.id AND own.subject = organization.id
LEFT JOIN headgate_window win
    ON win.budget_id = budget.id AND win.subject = organization.id AND win.starts_at <= {now}
    AND (win.ends_at IS NULL OR win.ends_at > {now}) AND win.epoch = budget.epoch + COALESCE(own.epoch, 0)
WHERE budget.scope = 'organization' AND budget.period = 'day' AND budget.retired_at IS NULL AND NOT budget.shadow
"""
ORGANIZATION: Final = """
SELECT id, name, enabled AS "aiGatewayEnabled", created_at AS "createdAt" FROM headgate_organization
"""
VIEWS: Final[Mapping[str, str]] = {
    "AiRequestLog": AI_REQUEST_LOG,
    "CostEvent": COST_EVENT,
    "ai_gateway_logs": AI_GATEWAY_LOGS,
    "ai_budgets": AI_BUDGETS,
    "Organization": ORGANIZATION,
}
TABLES: Final = (
    "headgate_request_log",
    "headgate_cost_event",
    "headgate_budget",
    "headgate_budget_subject_epoch",
    "headgate_window",
    "headgate_organization",
)
"""What the views are made of."""
REFUSAL: Final = (
    "This view is read-only: a change must reach the gateways and the audit trail. "
    "Switch an organization with: headgate org enable <name>, or on the pages."
)


def query_of(view: str, vendor: str) -> str:
    """Return what a view selects, in the words of a database."""
    words = WORDS[vendor]
    return (
        VIEWS[view]
        .format(
            whom=_WHOM.strip(),
            counted=_COUNTED.strip(),
            usd=words["usd"],
            now=words["now"],
            opened=words["moment"].format("win.starts_at"),
            ends=words["moment"].format("win.ends_at"),
        )
        .strip()
    )
