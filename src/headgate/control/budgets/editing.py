"""Writes: what the page of a budget changes at once, each by its own operation, published together."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from headgate.control.budgets.models import Budget
from headgate.control.budgets.operations import change_conduct, change_limit
from headgate.control.budgets.resets import change_period, change_time_zone
from headgate.control.identifiers import new_id
from headgate.control.publication.operations import lock_publication, publishing

CONDUCT = ("name", "clamp", "top_up", "shadow")
CALENDAR = ("period", "time_zone")


def save_changes(
    budget: Budget, changes: Mapping[str, Any], *, reason: str, actor: str, now: dt.datetime | None = None
) -> None:
    """Bring the fields of a budget to new values; what is not named stays.

    Args:
        budget: which one.
        changes: field -> value; of `name`, `clamp`, `top_up`, `shadow`, `limit`, `soft`, `period`, `time_zone`.
        reason: why; asked for by a change of the period or the time zone.
        actor: who.
        now: when.

    Raises:
        ValidationError: naming the field and the remedy; nothing is changed then.
    """
    with lock_publication(), publishing():
        conduct = {field: changes[field] for field in CONDUCT if field in changes}
        if conduct:
            change_conduct(budget, **conduct)
        if "period" in changes:
            change_period(budget, changes["period"], change_id=new_id(), reason=reason, actor=actor, now=now)
        if "time_zone" in changes:
            change_time_zone(budget, changes["time_zone"], change_id=new_id(), reason=reason, actor=actor, now=now)
        if "limit" in changes or "soft" in changes:
            change_limit(budget, changes.get("limit", budget.limit), soft=changes.get("soft"), now=now)
