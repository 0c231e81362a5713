"""Writes: routes with their arms. Each is published in the same transaction."""

from collections.abc import Iterable, Sequence

from headgate.control.publication.operations import publishing
from headgate.control.routes.checks import check_route
from headgate.control.routes.models import Arm, Route


def save_route(route: Route, arms: Sequence[Arm]) -> None:
    """Write a new or changed route with exactly these arms, in this order, and publish it.

    Raises:
        ValidationError: see `check_route`.
    """
    check_route(route, arms)
    with publishing():
        route.save()
        Arm.objects.filter(route=route).exclude(pk__in=[arm.pk for arm in arms]).delete()
        for position, arm in enumerate(arms, 1):
            arm.route = route
            arm.position = position
            arm.save()


def delete_routes(routes: Iterable[Route]) -> None:
    """Delete routes; the request log keeps their names."""
    with publishing():
        for route in routes:
            route.delete()
