"""Fills the control plane of a side that runs, in a process of its own: `python -m bench.fill WHAT [JSON]`.

Everything goes through the operations of the control plane, but for thousands of keys or budgets: one at a time they
take minutes, so they are written in bulk and published as the operations would have.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from headgate.control.setup import use_django

MANY_KEYS_START = "sk-hg-bench-many-012345678901234567890-"
PLENTY = 100_000
"""USD, or EUR."""
_BATCH = 2_000


def governed(_: Mapping[str, Any]) -> None:
    """What a governed installation has, with room for every request: budgets, a policy, rate limits."""
    from headgate.control.budgets.operations import create_budget
    from headgate.control.organizations.models import Organization
    from headgate.control.policies.models import Policy
    from headgate.control.policies.operations import save_policy
    from headgate.control.ratelimits.models import RateLimit
    from headgate.control.ratelimits.operations import save_rate_limit

    organization = Organization.objects.get()
    for scope, period in (("system", "month"), ("organization", "day"), ("user", "day")):
        owner = None if scope == "system" else organization
        create_budget(name=f"{scope} {period}", organization=owner, scope=scope, period=period, limit=PLENTY)
    policy = Policy(organization=organization, name="bench", blocked_models=["o1-*"])
    policy.max_tokens_per_request = 1_000_000
    policy.max_cost_per_day_eur = PLENTY
    save_policy(policy, actor="bench")
    per_key = {"requests_per_minute": 10**9, "tokens_per_minute": 10**12}
    save_rate_limit(RateLimit(organization=organization, name="each key", scope="key", **per_key))
    save_rate_limit(RateLimit(organization=organization, name="all", scope="organization", concurrency=10_000))


def budgets(given: Mapping[str, Any]) -> None:
    """Budgets of the first organization, field by field."""
    from headgate.control.budgets.operations import create_budget
    from headgate.control.organizations.models import Organization

    organization = Organization.objects.get()
    for fields in given["budgets"]:
        create_budget(organization=organization, **fields)


def many_keys(given: Mapping[str, Any]) -> None:
    """`count` keys whose secrets end in their number; with a budget of its own each, if `budgets`."""
    from headgate.control.budgets.models import Budget
    from headgate.control.budgets.queries import published as published_budget
    from headgate.control.keys.models import VirtualKey
    from headgate.control.keys.operations import hash_key
    from headgate.control.organizations.models import Organization
    from headgate.control.publication.models import PublishedKey
    from headgate.control.publication.operations import publishing
    from headgate.domain.ids import KeyId, OrganizationId
    from headgate.domain.principal import Principal
    from headgate.snapshot import contract

    organization = Organization.objects.get()
    plains = [f"{MANY_KEYS_START}{number}" for number in range(given["count"])]
    keys = [
        VirtualKey(organization=organization, name=f"key {number}", prefix=plain[:12], sha256=hash_key(plain))
        for number, plain in enumerate(plains)
    ]
    own: dict[str, tuple[contract.Budget, ...]] = {}
    rows: list[Budget] = []
    if given["budgets"]:
        rows = _budgets(organization, "key", [key.pk for key in keys])
        own = {row.subject: (published_budget(row, Decimal(1)),) for row in rows}
    owner = OrganizationId(organization.pk)
    payloads = [
        PublishedKey(
            key_hash=key.sha256,
            payload=contract.encode_key(
                contract.PublishedKey(
                    principal=Principal(key_id=KeyId(key.pk), key_name=key.name, organization_id=owner),
                    budgets=own.get(key.pk, ()),
                )
            ),
        )
        for key in keys
    ]
    # The snapshot brings the calendars of the budgets that travel with their keys.
    with publishing():
        VirtualKey.objects.bulk_create(keys, batch_size=_BATCH)
        Budget.objects.bulk_create(rows, batch_size=_BATCH)
        PublishedKey.objects.bulk_create(payloads, batch_size=_BATCH)


def many_users(given: Mapping[str, Any]) -> None:
    """`count` budgets in the snapshot, of a user each."""
    from headgate.control.budgets.models import Budget
    from headgate.control.organizations.models import Organization
    from headgate.control.publication.operations import publishing

    users = [f"user-{number}" for number in range(given["count"])]
    with publishing():
        Budget.objects.bulk_create(_budgets(Organization.objects.get(), "user", users), batch_size=_BATCH)


def publish(_: Mapping[str, Any]) -> None:
    """Publish what there is once more."""
    from headgate.control.publication.operations import publishing

    with publishing():
        pass


def _budgets(organization: Any, scope: str, subjects: Sequence[str]) -> list[Any]:
    from headgate.control.budgets.models import Budget

    return [
        Budget(
            organization=organization,
            name=f"of {subject}",
            scope=scope,
            subject=subject,
            period="month",
            limit=PLENTY,
        )
        for subject in subjects
    ]


FILLINGS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    each.__name__: each for each in (governed, budgets, many_keys, many_users, publish)
}


if __name__ == "__main__":
    use_django()
    FILLINGS[sys.argv[1]](json.loads(sys.argv[2]) if len(sys.argv) > 2 else {})
