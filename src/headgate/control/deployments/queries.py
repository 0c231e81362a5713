"""Reads: deployments as the data plane knows them."""

from headgate.control.deployments.models import Deployment
from headgate.domain.ids import DeploymentId
from headgate.snapshot import contract


def published_deployments() -> tuple[contract.Deployment, ...]:
    """Return every enabled deployment as it is published, in a stable order."""
    rows = Deployment.objects.filter(enabled=True).select_related("credential").order_by("pk")
    return tuple(_published(row) for row in rows)


def _published(row: Deployment) -> contract.Deployment:
    return contract.Deployment(
        id=DeploymentId(row.pk),
        organization_id=row.organization_id,
        name=row.name,
        provider=row.provider,
        model=row.model or None,
        base_url=row.base_url or None,
        credential=bytes(row.credential.encrypted) if row.credential else None,
        priority=row.priority,
        weight=row.weight,
        format=row.format or None,
        api_version=row.api_version or None,
        timeout_ms=row.timeout_ms,
    )
