"""`headgate owner`: journals that are not closed, and what becomes of the leases of one that is lost for good."""

import argparse
import os

from headgate.cli.commands import Commands, actor, finish


def add_commands(commands: Commands) -> None:
    """Add the command."""
    owner = commands.add_parser("owner", help="list open journals, close one that is lost for good")
    actions = owner.add_subparsers(dest="action", required=True, metavar="action")
    finish(actions.add_parser("list", help="open journals of all nodes, and what is leased to them"), _list)
    close = actions.add_parser("close", help="close a journal whose disk will never come back")
    close.add_argument("id")
    fate = close.add_mutually_exclusive_group(required=True)
    fate.add_argument("--spent", action="store_true", help="take what it had drawn for spent")
    fate.add_argument("--released", action="store_true", help="give back what it had drawn")
    close.add_argument("--reason", required=True, help="stays with the adjustments")
    finish(close, _close)


def _list(args: argparse.Namespace) -> str:
    del args
    from headgate.control.display import moment
    from headgate.control.ledger.queries import standing_owners

    here = _journals_here()
    lines: list[str] = []
    for owner in standing_owners():
        node = "this node" if owner.owner_id in here else f"node {owner.node}"
        leased = _amounts(owner.leased, owner.windows)
        since = moment(owner.registered_at)
        lines.append(f"{owner.owner_id}: {node}, since {since}, {leased} leased, posted up to byte {owner.posted}")
    return "\n".join(lines) or "no open journals"


def _close(args: argparse.Namespace) -> str:
    from headgate.control.ledger.operations import CursorMovedError, write_off
    from headgate.domain.ids import OwnerId

    if args.id in _journals_here():
        # Recovery knows to the last record what was spent; an operator can only guess.
        message = f"the journal of {args.id} lies on this node, whose worker role posts and closes it"
        raise ValueError(message)
    try:
        remained = write_off(OwnerId(args.id), spent=args.spent, reason=args.reason, actor=actor())
    except CursorMovedError as error:
        raise ValueError(str(error)) from error
    what = _amounts(remained.leased, remained.windows)
    return f"{args.id} is closed: {what} {'taken for spent' if args.spent else 'released'}"


def _journals_here() -> set[str]:
    """Return the owners whose journals lie in this node's data folder."""
    from headgate.control.secrets import data_dir
    from headgate.infra.journal import JOURNAL_FOLDER, UNFINISHED

    journals = data_dir(os.environ) / JOURNAL_FOLDER
    return {entry.name.removeprefix(UNFINISHED) for entry in os.scandir(journals)} if journals.is_dir() else set()


def _amounts(leased: dict[str, int], windows: int) -> str:
    from headgate.control.budgets.display import amount

    if not leased:
        return "nothing"
    figures = " and ".join(amount(unit, figure) for unit, figure in sorted(leased.items()))
    return f"{figures} in {windows} window{'s' if windows > 1 else ''}"
