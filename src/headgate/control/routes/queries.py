"""Reads: routes as the data plane knows them."""

from headgate.control.routes.models import Arm, Route
from headgate.snapshot import contract


def published_routes() -> tuple[contract.RouteRule, ...]:
    """Return every enabled route with its arms as it is published, in a stable order."""
    rows = Route.objects.filter(enabled=True).prefetch_related("arms").order_by("pk")
    return tuple(_published(row, list(row.arms.all())) for row in rows)


def _published(row: Route, arms: list[Arm]) -> contract.RouteRule:
    return contract.RouteRule(
        id=row.pk,
        organization_id=row.organization_id,
        name=row.name,
        strategy=contract.Strategy(row.strategy),
        arms=tuple(contract.Arm(name=arm.title, model=arm.model, weight=arm.weight) for arm in arms),
        sticky_by=row.sticky_by,
        retries=row.retries,
        hedge_after_ms=row.hedge_after_ms,
    )
