"""Reads: the snapshot as it would be published now."""

from headgate.control.deployments.queries import published_deployments
from headgate.control.organizations.models import Organization
from headgate.control.pricing.queries import published_cards
from headgate.snapshot import contract


def current_snapshot() -> contract.Snapshot:
    """Build the snapshot from the rows, in a stable order."""
    return contract.Snapshot(
        organizations=tuple(_organization(row) for row in Organization.objects.order_by("pk")),
        deployments=published_deployments(),
        cards=published_cards(),
    )


def _organization(row: Organization) -> contract.Organization:
    return contract.Organization(
        id=row.pk,
        name=row.name,
        enabled=row.enabled,
        shared_deployments=row.shared_deployments,
        unpriced_allowed=row.unpriced_allowed,
        capture_content=row.capture_content,
    )
