"""`headgate route`: set, list and delete routes without a browser."""

import argparse
from typing import TYPE_CHECKING, Any

from headgate.cli.commands import Commands, finish
from headgate.snapshot.contract import Strategy

if TYPE_CHECKING:
    from headgate.control.routes.models import Arm, Route


def add_commands(commands: Commands) -> None:
    """Add the command."""
    route = commands.add_parser("route", help="set, list or delete routes")
    actions = route.add_subparsers(dest="action", required=True, metavar="action")
    _add_set(actions.add_parser("set", help="create a route, or replace the one of that name"))
    finish(actions.add_parser("list", help="routes and their arms"), _list)
    delete = actions.add_parser("delete", help="take a route away")
    _add_name(delete)
    finish(delete, _delete)


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="what callers write as the model")
    parser.add_argument("--org", help="name of the organisation; without it the route is shared")


def _add_set(parser: argparse.ArgumentParser) -> None:
    _add_name(parser)
    parser.add_argument("arms", nargs="+", metavar="arm", help="[name=]model[,weight], in the order of fallbacks")
    parser.add_argument("--strategy", choices=[str(each) for each in Strategy], default=Strategy.PRIORITY.value)
    parser.add_argument("--sticky-by", choices=["user", "key", "request"], default="user", help="of a split")
    parser.add_argument("--retries", type=int, help="at the same deployment, before the next one is tried")
    parser.add_argument("--hedge-after-ms", type=int, help="ask the next deployment too when no answer has begun")
    finish(parser, _set)


def _set(args: argparse.Namespace) -> str:
    from headgate.control.routes.models import Route
    from headgate.control.routes.operations import save_route

    owner = _owner(args)
    route = Route.objects.filter(organization=owner, name=args.name).first() or Route(organization=owner)
    route.name, route.strategy, route.sticky_by = args.name, args.strategy, args.sticky_by
    route.retries, route.hedge_after_ms = args.retries, args.hedge_after_ms
    arms = [_arm(text) for text in args.arms]
    save_route(route, arms)
    return _told(route, arms)


def _list(args: argparse.Namespace) -> str:
    del args
    from headgate.control.routes.models import Arm, Route

    rows = Route.objects.select_related("organization").order_by("name", "pk")
    return "\n".join(_told(row, list(Arm.objects.filter(route=row))) for row in rows) or "no routes"


def _delete(args: argparse.Namespace) -> str:
    from headgate.control.routes.models import Route
    from headgate.control.routes.operations import delete_routes

    delete_routes([Route.objects.get(organization=_owner(args), name=args.name)])
    return f"{args.name} is deleted"


def _owner(args: argparse.Namespace) -> Any:
    from headgate.control.organizations.operations import organization_named

    return organization_named(args.org) if args.org else None


def _arm(text: str) -> "Arm":
    from headgate.control.routes.models import Arm

    name, _, rest = text.rpartition("=")
    model, comma, weight = rest.rpartition(",")
    if not comma:
        return Arm(name=name, model=rest)
    if not weight.isdecimal():
        message = f"{text!r} is no arm: write [name=]model[,weight]"
        raise ValueError(message)
    return Arm(name=name, model=model, weight=int(weight))


def _told(route: "Route", arms: "list[Arm]") -> str:
    whose = f" of {route.organization}" if route.organization else ""
    state = "" if route.enabled else " (off)"
    listed = ", ".join(
        f"{arm.title} {arm.weight}" if arm.title == arm.model else f"{arm.title} {arm.weight} ({arm.model})"
        for arm in arms
    )
    return f"{route.name}{whose}{state}: {route.strategy}, {listed}"
