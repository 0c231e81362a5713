"""Reads: what a policy would have blocked, judged by the same rules over the request log."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from headgate.control.currencies.queries import usd_rate
from headgate.control.policies.models import Policy
from headgate.control.policies.queries import EUR, published
from headgate.control.requestlog.models import RequestLog
from headgate.domain.ids import OrganizationId
from headgate.domain.money import NanoUsd
from headgate.domain.principal import Attribution
from headgate.policy.rules import Facts, PolicySet

DAYS = 7
LARGEST_SAMPLE = 10_000
"""Newest requests that are judged: a page must not walk over all that an organization ever did."""


class Objections(NamedTuple):
    """What one rule has against requests for one model."""

    rule: str
    model: str
    requests: int
    newest: dt.datetime


class Preview(NamedTuple):
    """What a policy would have done."""

    judged: int
    blocked: int
    whole: bool
    """False: there were more requests than could be judged."""
    objections: list[Objections]
    """The most frequent first."""


def would_have_blocked(policy: Policy, *, now: dt.datetime) -> Preview:
    """Judge the requests of the last seven days, the newest first, as if the policy were enforced.

    Rows know what was used, not what was bounded: limits on tokens and cost see the real figures, which are lower.
    """
    return would_have_blocked_each([policy], policy.organization_id, now=now, sample=LARGEST_SAMPLE)[0]


def would_have_blocked_each(
    policies: Sequence[Policy], organization_id: str, *, now: dt.datetime, sample: int
) -> list[Preview]:
    """Judge the same requests by each of an organization's policies, as if there were no other.

    Args:
        policies: of the organization.
        organization_id: whose requests.
        now: when the last seven days end.
        sample: how many requests at most, the newest ones.
    """
    priced = any(policy.max_cost_per_request_eur is not None for policy in policies)
    rate = usd_rate(EUR, on=now.date()) if priced else None
    rows = RequestLog.objects.filter(
        organization_id=organization_id, occurred_at__gte=now - dt.timedelta(days=DAYS)
    ).exclude(original_model=None)
    judged = list(rows.order_by("-occurred_at", "-request_id").values(*_COLUMNS)[: sample + 1])
    return [_sum_up(PolicySet([published(policy, rate)]), judged, sample) for policy in policies]


_COLUMNS = (
    "occurred_at",
    "organization_id",
    "original_model",
    "provider",
    "end_user",
    "team",
    "project",
    "app",
    "client",
    "agent",
    "task",
    "prompt_tokens",
    "completion_tokens",
    "cost_nano",
)


def _sum_up(known: PolicySet, rows: list[dict[str, Any]], sample: int) -> Preview:
    found: dict[tuple[str, str], Objections] = {}
    judged = blocked = 0
    for row in rows[:sample]:
        judged += 1
        facts = _facts(row)
        verdicts = known.judge(facts)
        blocked += bool(verdicts)
        for verdict in verdicts:
            first = Objections(verdict.rule, facts.original_model, 0, row["occurred_at"])
            key = (verdict.rule, facts.original_model)
            known_so_far = found.get(key, first)
            found[key] = known_so_far._replace(requests=known_so_far.requests + 1)
    return Preview(judged, blocked, len(rows) <= sample, _frequent_first(found.values()))


def _frequent_first(found: Iterable[Objections]) -> list[Objections]:
    return sorted(found, key=lambda objections: (-objections.requests, objections.rule, objections.model))


def _facts(row: dict[str, Any]) -> Facts:
    """What a row knows; what it does not know counts as nothing."""
    return Facts(
        organization_id=OrganizationId(row["organization_id"]),
        original_model=row["original_model"],
        provider=row["provider"],
        attribution=Attribution(
            user=row["end_user"],
            team=row["team"],
            project=row["project"],
            app=row["app"],
            client=row["client"],
            agent=row["agent"],
            task=row["task"],
        ),
        input_bound=row["prompt_tokens"] or 0,
        output_bound=row["completion_tokens"] or 0,
        hold=NanoUsd(row["cost_nano"] or 0),
    )
