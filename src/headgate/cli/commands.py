"""What the parts of the command line have in common: where they add commands, and how an action is run."""

import argparse
import getpass
import os
import sys
from typing import Any, Protocol

from headgate.infra.settings import DEFAULT_DATA_DIR

_READING = frozenset({"list", "verify"})
"""Actions that change nothing."""
_OURS = frozenset({"run", "action_function", "command", "action", "data_dir"})


class Commands(Protocol):
    """The object of `ArgumentParser.add_subparsers`, whose own class is private."""

    def add_parser(self, name: str, **kwargs: Any) -> argparse.ArgumentParser:
        """Add one command."""
        ...


def finish(parser: argparse.ArgumentParser, action: object) -> None:
    """Let a command run an action: a function of the arguments that returns what is to be said."""
    parser.add_argument("--data-dir", help="folder of the embedded database")
    parser.set_defaults(run=guarded, action_function=action)


def guarded(args: argparse.Namespace) -> int:
    """Run the action of a command; what the operator can mend is said in one line.

    Returns:
        The exit status.
    """
    from headgate.control.setup import use_django

    use_django()
    from django.core.exceptions import ObjectDoesNotExist, ValidationError
    from django.db import OperationalError, ProgrammingError

    from headgate.control.audit.operations import record, without_secrets

    try:
        print(args.action_function(args))
        if args.action not in _READING:
            given = without_secrets((name, value) for name, value in vars(args).items() if name not in _OURS)
            record(actor(), args.action, f"headgate {args.command}", details={"values": given})
    except ValidationError as error:
        reason = " ".join(error.messages)
    except (ObjectDoesNotExist, ValueError) as error:
        reason = str(error)
    except (OperationalError, ProgrammingError) as error:
        # Most often the wrong folder: what the database says is one line, and where it was looked for is the cure.
        reason = f"{error}; is {_where(args)} the installation's database? 'headgate migrate' makes one."
    else:
        return 0
    print(f"headgate {args.command} {args.action}: {reason}", file=sys.stderr)
    return 1


def _where(args: argparse.Namespace) -> str:
    """The database that was asked, without its secrets."""
    if os.environ.get("DATABASE_URL"):
        return "DATABASE_URL"
    return str(args.data_dir or os.environ.get("HEADGATE_DATA_DIR") or DEFAULT_DATA_DIR)


def actor() -> str:
    """Name who types, for what stays with an entry."""
    return f"command line: {getpass.getuser()}"
