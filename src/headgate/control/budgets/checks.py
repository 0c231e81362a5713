"""What a budget must be before it is written."""

import zoneinfo
from functools import cache

from django.core.exceptions import ValidationError

from headgate.control.budgets.models import Budget
from headgate.control.keys.models import VirtualKey
from headgate.domain.budget import BudgetUnit, Period, Scope


@cache
def time_zones() -> tuple[str, ...]:
    """Return the IANA names that this machine knows, sorted; UTC is always among them."""
    return tuple(sorted({"UTC", *zoneinfo.available_timezones()}))


def check_time_zone(name: str) -> None:
    """Refuse a time zone that this machine does not know.

    Raises:
        ValidationError: it does not.
    """
    if name not in time_zones():
        message = f"{name!r} is no time zone; one is called, for example, Europe/Berlin."
        raise ValidationError({"time_zone": message})


def check_budget(budget: Budget) -> None:
    """Refuse a budget whose parts do not fit together. Its limit and currency are checked apart.

    Raises:
        ValidationError: naming the field and the remedy.
    """
    for field, kind in (("scope", Scope), ("period", Period), ("unit", BudgetUnit)):
        known = [str(each) for each in kind]
        if getattr(budget, field) not in known:
            raise ValidationError({field: f"Choose one of {', '.join(known)}."})
    if not budget.name.strip():
        raise ValidationError({"name": "Give it a name: refusals say it."})
    check_time_zone(budget.time_zone)
    _check_owner(budget)
    if budget.scope == Scope.KEY and budget.subject:
        _check_key(budget)


def _check_owner(budget: Budget) -> None:
    if budget.scope == Scope.SYSTEM and budget.organization_id:
        raise ValidationError({"organization": "The scope system has no organization; choose the scope organization."})
    if budget.scope in {Scope.SYSTEM, Scope.ORGANIZATION} and budget.subject:
        raise ValidationError({"subject": f"The scope {budget.scope} has no subject; leave it empty."})
    if budget.subject and not budget.organization_id:
        raise ValidationError({"organization": "A subject belongs to an organization; choose it."})


def _check_key(budget: Budget) -> None:
    key = VirtualKey.objects.filter(pk=budget.subject, organization_id=budget.organization_id).first()
    if key is None:
        raise ValidationError({"subject": "The organization has no virtual key with this id."})
    if key.revoked_at is not None:
        raise ValidationError({"subject": "This virtual key is revoked."})
