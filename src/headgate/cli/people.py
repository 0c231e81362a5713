"""`headgate user`, `org` and `key`: what an operator does without a browser."""

import argparse
import getpass
import sys

from headgate.cli.commands import Commands


def add_commands(commands: Commands) -> None:
    """Add the three commands."""
    user = commands.add_parser("user", help="create a user, make one staff, set a password")
    user.add_argument("action", choices=("create", "staff", "password"))
    user.add_argument("username")
    user.add_argument("--email", default="")
    user.add_argument("--superuser", action="store_true", help="create: may do everything")
    _finish(user, _user)
    organization = commands.add_parser("org", help="switch the gateway on or off for an organisation")
    organization.add_argument("action", choices=("enable", "disable"))
    organization.add_argument("name")
    _finish(organization, _organization)
    key = commands.add_parser("key", help="create or revoke a virtual key")
    key.add_argument("action", choices=("create", "revoke"))
    key.add_argument("name", help="create: name of the new key; revoke: the key's id or visible prefix")
    key.add_argument("--org", help="create: organisation of the new key")
    _finish(key, _key)


def _finish(parser: argparse.ArgumentParser, action: object) -> None:
    parser.add_argument("--data-dir", help="folder of the embedded database")
    parser.set_defaults(run=_guarded, action_function=action)


def _guarded(args: argparse.Namespace) -> int:
    """Run an action; what the operator can mend is said in one line."""
    from headgate.control.setup import use_django

    use_django()
    from django.core.exceptions import ObjectDoesNotExist, ValidationError
    from django.db import IntegrityError

    try:
        print(args.action_function(args))
    except ValidationError as error:
        return _fail(args, " ".join(error.messages))
    except IntegrityError:
        return _fail(args, f"{args.username!r} exists already")
    except (ObjectDoesNotExist, ValueError) as error:
        return _fail(args, str(error))
    return 0


def _fail(args: argparse.Namespace, reason: str) -> int:
    print(f"headgate {args.command} {args.action}: {reason}", file=sys.stderr)
    return 1


def _user(args: argparse.Namespace) -> str:
    from headgate.control.organizations import operations

    if args.action == "staff":
        operations.set_staff(args.username, staff=True)
        return f"{args.username} is staff now"
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if args.action == "create":
        operations.create_user(args.username, password, email=args.email, superuser=args.superuser)
        return f"{args.username} is created"
    operations.set_password(args.username, password)
    return f"{args.username} has a new password"


def _organization(args: argparse.Namespace) -> str:
    from headgate.control.organizations import operations

    operations.set_organization_enabled(args.name, enabled=args.action == "enable")
    return f"{args.name} is {args.action}d"


def _key(args: argparse.Namespace) -> str:
    from headgate.control.keys import operations
    from headgate.control.organizations.operations import organization_named

    if args.action == "revoke":
        key = operations.revoke_key_named(args.name)
        return f"{key.name} is revoked"
    if not args.org:
        message = "name the organisation with --org"
        raise ValueError(message)
    return operations.create_key(organization_named(args.org), args.name).plain
