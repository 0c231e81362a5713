"""`headgate verify` compares the roll-ups with the books; `headgate rollups rebuild` makes them anew from these."""

import argparse
import datetime as dt

from headgate.cli.commands import Commands, finish


def add_commands(commands: Commands) -> None:
    """Add the commands."""
    verify = commands.add_parser("verify", help="compare the roll-ups with the sums of the books")
    _add_days(verify)
    finish(verify, _verify)
    verify.set_defaults(action="roll-ups")
    rollups = commands.add_parser("rollups", help="make the roll-ups anew")
    actions = rollups.add_subparsers(dest="action", required=True, metavar="action")
    rebuild = actions.add_parser("rebuild", help="from the books, day by day; postings wait while a day is made")
    _add_days(rebuild)
    finish(rebuild, _rebuild)


def _add_days(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", type=dt.date.fromisoformat, help="first UTC day, 2026-01-31 (default: the oldest)")
    parser.add_argument("--until", type=dt.date.fromisoformat, help="first UTC day after (default: to the newest)")


class _DifferencesError(ValueError):
    """What differs, one line each."""


def _verify(args: argparse.Namespace) -> str:
    from headgate.control.rollups.verification import verify

    verdict = verify(args.since, args.until)
    if verdict is None:
        return "there is nothing to compare"
    days = f"{verdict.since} to {verdict.until - dt.timedelta(days=1)}"
    if verdict.differences:
        lines = "\n".join(map(str, verdict.differences))
        cure = f"'headgate rollups rebuild --since {verdict.since} --until {verdict.until}' makes them anew"
        message = f"{days}: the roll-ups are not the sums of the books; {cure}\n{lines}"
        raise _DifferencesError(message)
    return f"{days}: the roll-ups are the sums of the books"


def _rebuild(args: argparse.Namespace) -> str:
    from headgate.control.rollups.rebuild import rebuild

    def done(day: dt.date) -> None:
        print(day, flush=True)

    count = rebuild(args.since, args.until, done=done)
    return f"{count} {'day is' if count == 1 else 'days are'} made anew"
