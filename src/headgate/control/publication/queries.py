"""Reads: the snapshot as it would be published now."""

import datetime as dt

from django.utils import timezone

from headgate.control.budgets.queries import published_budgets, published_calendars
from headgate.control.currencies.queries import published_rates
from headgate.control.deployments.queries import published_deployments
from headgate.control.organizations.models import Organization
from headgate.control.policies.queries import published_policies
from headgate.control.pricing.queries import published_cards, published_widenings
from headgate.control.ratelimits.queries import published_rate_limits
from headgate.control.routes.queries import published_routes
from headgate.snapshot import contract


def current_snapshot(now: dt.datetime | None = None) -> contract.Snapshot:
    """Build the snapshot from the rows, in a stable order; calendars reach from now into the future."""
    at = now or timezone.now()
    return contract.Snapshot(
        organizations=tuple(_organization(row) for row in Organization.objects.order_by("pk")),
        deployments=published_deployments(),
        cards=published_cards(),
        budgets=published_budgets(at),
        calendars=published_calendars(at),
        policies=published_policies(),
        rate_limits=published_rate_limits(),
        widenings=published_widenings(),
        exchange_rates=published_rates(at),
        routes=published_routes(),
    )


def is_stale(known: contract.Snapshot, now: dt.datetime) -> bool:
    """Say whether a snapshot has to be published anew although nobody changed anything."""
    if known.exchange_rates != published_rates(now):
        return True
    ends = {each.id: each.edges[-1].starts_at for each in known.calendars}
    for wanted in published_calendars(now):
        last = wanted.edges[-1]
        # Half of what is published ahead is used up.
        middle = (now.timestamp() + last.starts_at) / 2
        if last.ends_at is not None and ends.get(wanted.id, 0) < middle:
            return True
    return False


def _organization(row: Organization) -> contract.Organization:
    return contract.Organization(
        id=row.pk,
        name=row.name,
        enabled=row.enabled,
        shared_deployments=row.shared_deployments,
        unpriced_allowed=row.unpriced_allowed,
        capture_content=row.capture_content,
        open_model=row.open_model or None,
        critical_tasks=tuple(row.critical_tasks),
        task_timeouts_ms=dict(row.task_timeouts_ms),
    )
