"""Virtual keys with budgets and rate limits of their own, in a running gateway: what one spends no other one misses."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.kit.gateway import GatewayProcess, wait_until

_MAKE = """
import json
from decimal import Decimal
from headgate.control.budgets.operations import create_budget
from headgate.control.keys.operations import create_key
from headgate.control.organizations.models import Organization
from headgate.control.ratelimits.models import RateLimit
from headgate.control.ratelimits.operations import save_rate_limit
made = {}
organization = Organization.objects.get(name=ORGANIZATION) if ORGANIZATION else Organization.objects.first()
for name, wanted in json.loads(WANTED).items():
    new = create_key(organization, name)
    for number, fields in enumerate(wanted):
        if "limit" in fields:
            fields = {"name": f"{name} {number}", "scope": "key", "period": "month", **fields}
            subject = new.key.pk if fields["scope"] == "key" else fields.pop("subject")
            create_budget(organization=organization, subject=subject, **{**fields, "limit": Decimal(fields["limit"])})
        else:
            save_rate_limit(
                RateLimit(organization=organization, name=name, scope="key", subject=new.key.pk, **fields)
            )
    made[name] = [new.plain, new.key.pk]
print(json.dumps(made))
"""
_PUBLISH = """
from headgate.control.publication.operations import publishing
with publishing():
    pass
"""
# A key's budgets are published with the key; a gateway tells the revision of its snapshot only.


class Purse(NamedTuple):
    """One such key."""

    key: str
    """As a client shows it."""
    id: str


def open_purses(
    gateway: GatewayProcess, wanted: Mapping[str, Sequence[Mapping[str, Any]]], *, organization: str | None = None
) -> dict[str, Purse]:
    """Create keys, and wait until the gateway knows them.

    Args:
        gateway: a running one.
        wanted: by name of the key: fields of budgets (with a `limit`), or of rate limits. A budget is called like the
            key and its number in the list: `poor 0`.
        organization: whose; None: the first one's.
    """
    values = f"WANTED = {json.dumps(wanted)!r}\nORGANIZATION = {organization!r}\n"
    printed: dict[str, list[str]] = json.loads(gateway.control(values + _MAKE + _PUBLISH).splitlines()[-1])
    gateway.wait_for_revision(gateway.revision())
    return {name: Purse(*made) for name, made in printed.items()}


def change_limit(gateway: GatewayProcess, name: str, limit: str) -> None:
    """Give a budget another limit, and wait until the gateway knows it."""
    gateway.control(
        "from decimal import Decimal\n"
        "from headgate.control.budgets.models import Budget\n"
        "from headgate.control.budgets.operations import change_limit\n"
        f"change_limit(Budget.objects.get(name={name!r}), Decimal({limit!r}))\n" + _PUBLISH
    )
    gateway.wait_for_revision(gateway.revision())


def window_of(gateway: GatewayProcess, name: str) -> dict[str, Any] | None:
    """The one window of a budget; None before anything was drawn from it."""
    found = gateway.rows(
        "SELECT w.* FROM headgate_window w JOIN headgate_budget b ON b.id = w.budget_id WHERE b.name = ?", name
    )
    assert len(found) <= 1
    return found[0] if found else None


def spent_of(gateway: GatewayProcess, name: str, expected: int) -> int:
    """What is spent of a budget, once that is posted."""
    wait_until(lambda: (window_of(gateway, name) or {}).get("spent") == expected, what=f"{expected} spent of {name}")
    return expected


def seen(gateway: GatewayProcess, purse: Purse) -> list[str]:
    """How the requests of a key ended that are in the log, oldest first: statuses."""
    rows = gateway.rows("SELECT status FROM headgate_request_log WHERE key_id = ? ORDER BY occurred_at", purse.id)
    return [str(row["status"]) for row in rows]


def charged(gateway: GatewayProcess, purse: Purse) -> int:
    """How many cost events a key has."""
    return len(gateway.rows("SELECT 1 FROM headgate_cost_event WHERE key_id = ?", purse.id))
