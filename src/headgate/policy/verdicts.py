"""Verdicts of policies: which rules there are, what their effects are called, and the refusal that follows."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from headgate.domain.errors import Forbidden
from headgate.domain.verdict import Verdict
from headgate.snapshot.contract import Policy

BLOCKED: Final = "blocked"
WOULD_BLOCK: Final = "would_block"
POLICY_BLOCKED: Final = "policy_blocked"
"""Code of every refusal in a policy's name."""


class Rule(StrEnum):
    """The rules of a policy, under the names of its fields."""

    ALLOWED_MODELS = "allowedModels"
    BLOCKED_MODELS = "blockedModels"
    ALLOWED_PROVIDERS = "allowedProviders"
    ALLOWED_TASKS = "allowedTasks"
    REQUIRED_ATTRIBUTION = "requiredAttribution"
    """Followed by a dot and the field that is missing."""
    MAX_TOKENS_PER_REQUEST = "maxTokensPerReq"
    MAX_COST_PER_REQUEST = "maxCostPerReqEur"
    MAX_COST_PER_DAY = "maxCostPerDayEur"
    """Held as a budget, which refuses in the policy's name."""


_PARAMS: Final[dict[str, str]] = {
    Rule.ALLOWED_MODELS: "model",
    Rule.BLOCKED_MODELS: "model",
    Rule.ALLOWED_PROVIDERS: "model",
    Rule.ALLOWED_TASKS: "x-headgate-task",
    Rule.MAX_TOKENS_PER_REQUEST: "max_tokens",
    Rule.MAX_COST_PER_REQUEST: "max_tokens",
}


def objection(policy: Policy, rule: str, reason: str) -> Verdict:
    """What a policy says against a request; only a shadow policy says it without consequence."""
    return Verdict(policy=policy.name, rule=rule, effect=WOULD_BLOCK if policy.shadow else BLOCKED, reason=reason)


def first_block(verdicts: Iterable[Verdict]) -> Forbidden | None:
    """Return the refusal by the first objection that counts; None when all of them are shadows."""
    for verdict in verdicts:
        if verdict.effect == BLOCKED:
            return Forbidden(verdict.reason, code=POLICY_BLOCKED, param=_param(verdict.rule))
    return None


def _param(rule: str) -> str | None:
    name, _, field = rule.partition(".")
    return f"x-headgate-{field}" if name == Rule.REQUIRED_ATTRIBUTION else _PARAMS.get(rule)
