"""`headgate audit verify`: is the audit trail whole?"""

import argparse

from headgate.cli.commands import Commands, finish


def add_commands(commands: Commands) -> None:
    """Add the command."""
    audit = commands.add_parser("audit", help="check the trail of what administrators did")
    actions = audit.add_subparsers(dest="action", required=True, metavar="action")
    finish(actions.add_parser("verify", help="walk the whole chain of hashes"), _verify)


def _verify(args: argparse.Namespace) -> str:
    """Say where the chain ends, to be kept elsewhere.

    Raises:
        ValueError: it does not hold.
    """
    del args
    from headgate.control.audit.operations import verify

    head, findings = verify()
    if findings:
        told = "; ".join(f"entry {each.number} {each.problem}" for each in findings[:10])
        raise ValueError(f"the chain does not hold: {told}")
    return f"{head.number} entries, unbroken; the last one's hash is {head.sha256 or 'none'}"
