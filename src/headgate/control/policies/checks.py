"""What a policy must be like before it is written: every refusal names the field and the remedy."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils import timezone

from headgate.control.budgets.checks import time_zones
from headgate.control.budgets.limits import checked_limit
from headgate.control.currencies.queries import usd_rate
from headgate.control.keys.queries import ATTRIBUTION_FIELDS
from headgate.control.policies.models import Policy
from headgate.control.policies.queries import EUR
from headgate.domain.budget import BudgetUnit
from headgate.providers.table import PROVIDERS

MAX_ENTRIES = 1000
MAX_ENTRY_CHARS = 256
"""As long as a model name may be."""
_AMOUNTS = ("max_cost_per_request_eur", "max_cost_per_day_eur")
_LISTS = ("allowed_models", "blocked_models", "allowed_providers", "allowed_tasks", "required_attribution")


def check_policy(policy: Policy) -> None:
    """Refuse what could not be enforced, or would surely not mean what was written.

    Raises:
        ValidationError: by field.
    """
    complaints = {**_by_field(policy), **{name: _entries(getattr(policy, name)) for name in _LISTS}}
    complaints["allowed_providers"] += _unknown(policy.allowed_providers, PROVIDERS, "provider")
    complaints["required_attribution"] += _unknown(policy.required_attribution, ATTRIBUTION_FIELDS, "field")
    for name in _AMOUNTS:
        complaints[name] = complaints.get(name) or _euros(getattr(policy, name))
    if policy.time_zone not in time_zones():
        complaints["time_zone"] = [f"{policy.time_zone!r} is no time zone; write one like Europe/Berlin."]
    if found := {field: reasons for field, reasons in complaints.items() if reasons}:
        raise ValidationError(found)


def _by_field(policy: Policy) -> dict[str, list[str]]:
    """What the columns themselves refuse."""
    try:
        policy.clean_fields(exclude={"organization", "budget"})
    except ValidationError as error:
        return error.message_dict
    return {}


def _entries(entries: Sequence[str]) -> list[str]:
    if len(entries) > MAX_ENTRIES:
        return [f"Give at most {MAX_ENTRIES} entries."]
    return [
        f"{entry[:40]!r}: write 1 to {MAX_ENTRY_CHARS} printable characters."
        for entry in entries
        if not 0 < len(entry) <= MAX_ENTRY_CHARS or not entry.isprintable()
    ]


def _unknown(entries: Sequence[str], known: Iterable[str], noun: str) -> list[str]:
    names = sorted(known)
    return [f"{entry!r} is no {noun}; there are {', '.join(names)}." for entry in entries if entry not in names]


def _euros(amount: Decimal | None) -> list[str]:
    if amount is None:
        return []
    try:
        checked_limit(BudgetUnit.MONEY, amount, usd_rate=usd_rate(EUR, on=timezone.now().date()))
    except ValidationError as error:
        return list(error.messages)
    return []
