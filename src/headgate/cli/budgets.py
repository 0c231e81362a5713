"""`headgate budget`: set, list, reset and correct budgets without a browser."""

import argparse
import uuid
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from headgate.cli.commands import Commands, actor, finish
from headgate.domain.budget import BudgetUnit, Period, Scope


def add_commands(commands: Commands) -> None:
    """Add the command."""
    budget = commands.add_parser("budget", help="set, list, reset, retire or correct budgets")
    actions = budget.add_subparsers(dest="action", required=True, metavar="action")
    _add_set(actions.add_parser("set", help="create a budget, or change the limit of the one of that name"))
    finish(actions.add_parser("list", help="budgets in force and their fullest window"), _list)
    reset = actions.add_parser("reset", help="start the current period anew")
    reset.add_argument("name")
    reset.add_argument("--reason", required=True, help="stays with the adjustment")
    finish(reset, _reset)
    retire = actions.add_parser("retire", help="take a budget out of force for good")
    retire.add_argument("name")
    finish(retire, _retire)
    correct = actions.add_parser("correct", help="change what is spent in one window, by an adjustment")
    correct.add_argument("window", help="its id: the end of the address of its page")
    correct.add_argument("--amount", required=True, help="in USD, or whole tokens or requests; negative for a refund")
    correct.add_argument("--reason", required=True, help="stays with the adjustment")
    finish(correct, _correct)


def _add_set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name")
    parser.add_argument("limit", help="in the currency; whole tokens or requests for the other units")
    parser.add_argument("--scope", choices=[str(each) for each in Scope], default=Scope.SYSTEM.value)
    parser.add_argument("--subject", default="", help="external id, or a key's id; without it each has its own limit")
    parser.add_argument("--org", help="name of the organisation")
    parser.add_argument("--period", choices=[str(each) for each in Period], default=Period.MONTH.value)
    parser.add_argument("--time-zone", default="UTC")
    parser.add_argument("--unit", choices=[str(each) for each in BudgetUnit], default=BudgetUnit.MONEY.value)
    parser.add_argument("--currency", default="USD")
    parser.add_argument("--soft", action="store_true", help="critical tasks may go further")
    parser.add_argument("--clamp", action="store_true", help="may lower max_tokens to what is affordable")
    parser.add_argument("--top-up", action="store_true", help="streams may start with a part of their hold")
    parser.add_argument("--shadow", action="store_true", help="says what it would refuse, but refuses nothing")
    finish(parser, _set)


def _set(args: argparse.Namespace) -> str:
    from headgate.control.budgets.display import limit_of
    from headgate.control.budgets.operations import change_conduct, change_limit, create_budget
    from headgate.control.budgets.queries import live_budgets
    from headgate.control.organizations.operations import organization_named

    limit = _amount(args.limit)
    if live_budgets().filter(name=args.name).exists():
        changed = change_limit(_named(args.name), limit, soft=True if args.soft else None)
        conduct = {name: True for name in ("clamp", "top_up", "shadow") if getattr(args, name)}
        if conduct:
            changed = change_conduct(changed, **conduct)
        return f"{args.name} is limited to {limit_of(changed)} now"
    made = create_budget(
        name=args.name,
        limit=limit,
        scope=args.scope,
        subject=args.subject,
        organization=organization_named(args.org) if args.org else None,
        period=args.period,
        time_zone=args.time_zone,
        unit=args.unit,
        currency=args.currency,
        soft=args.soft,
        clamp=args.clamp,
        top_up=args.top_up,
        shadow=args.shadow,
    )
    return f"{args.name} is created: {limit_of(made)} per {args.period}"


def _list(args: argparse.Namespace) -> str:
    del args
    from django.utils import timezone

    from headgate.control.budgets.display import amount, limit_of
    from headgate.control.budgets.queries import current_windows, live_budgets

    lines = []
    for budget in live_budgets().order_by("name", "pk"):
        fullest = current_windows(timezone.now()).filter(budget=budget).order_by("-spent", "pk").first()
        used = (
            f"{amount(budget.unit, fullest.spent)} spent, {amount(budget.unit, fullest.leased)} held"
            if fullest
            else "unused"
        )
        whose = f"{budget.scope} {budget.subject}".strip()
        lines.append(f"{budget.name}: {whose}, {limit_of(budget)} per {budget.period}, {used}")
    return "\n".join(lines) or "no budgets"


def _reset(args: argparse.Namespace) -> str:
    from headgate.control.budgets.resets import reset

    reset(_named(args.name), reset_id=uuid.uuid4().hex, reason=args.reason, actor=actor())
    return f"{args.name} is reset"


def _retire(args: argparse.Namespace) -> str:
    from headgate.control.budgets.operations import retire

    retire(_named(args.name))
    return f"{args.name} is retired"


def _correct(args: argparse.Namespace) -> str:
    from headgate.control.budgets.display import amount
    from headgate.control.budgets.models import Window
    from headgate.control.budgets.operations import correct

    window = Window.objects.get(pk=args.window)
    change = _in_unit(_amount(args.amount), window.unit)
    correct(window.pk, change, correction_id=uuid.uuid4().hex, reason=args.reason, actor=actor())
    window.refresh_from_db()
    return f"{window.pk}: {amount(window.unit, window.spent)} spent now"


def _in_unit(change: Decimal, unit: str) -> int:
    """Return nano-USD for money, and what was given for the rest."""
    from headgate.control.budgets.limits import LARGEST, MAX_DECIMALS, MAX_MAGNITUDE

    decimals = MAX_DECIMALS if unit == BudgetUnit.MONEY else 0
    # Looked at before it is multiplied out: it may have a million digits.
    if change.is_finite() and change and -decimals <= change.adjusted() <= MAX_MAGNITUDE:
        exact = Fraction(change) * 10**decimals
        if exact.denominator == 1 and abs(exact) <= LARGEST:
            return int(exact)
    message = f"{change} is no amount of {unit}: give a number other than 0 with at most {decimals} decimals"
    raise ValueError(message)


def _named(name: str) -> Any:
    from headgate.control.budgets.queries import live_budgets

    found = list(live_budgets().filter(name=name)[:2])
    if len(found) != 1:
        message = f"{'several budgets are' if found else 'no budget is'} called {name!r}"
        raise ValueError(message)
    return found[0]


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        message = f"{text!r} is no amount"
        raise ValueError(message) from error
