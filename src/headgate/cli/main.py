"""Reads the command line and hands over to a role. Imports a role only when it is the one that runs."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from headgate import __version__
from headgate.cli.commands import Commands
from headgate.cli.logs import configure_logs
from headgate.cli.parent import end_with_parent

OLDEST_PYTHON = (3, 11)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    if sys.version_info < OLDEST_PYTHON:
        print("headgate needs Python 3.11 or newer.", file=sys.stderr)
        return 2
    args = _parser().parse_args(argv)
    configure_logs()
    if getattr(args, "data_dir", None):
        os.environ["HEADGATE_DATA_DIR"] = str(Path(args.data_dir).absolute())
    if getattr(args, "until_stdin_closes", False) and args.command != "simulate":
        end_with_parent()
    status: int = args.run(args)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="headgate", description="A self-hosted AI gateway whose money is exact.")
    parser.add_argument("--version", action="version", version=f"headgate {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    _add_roles(commands)
    _add_setup(commands)
    _add_people(commands)
    return parser


def _add_roles(commands: Commands) -> None:
    serve = _role(commands, "serve", "run everything on one port", _serve)
    serve.add_argument(
        "--workers", type=int, help="gateway processes (default: HEADGATE_WORKERS, or one per core up to 4)"
    )
    gateway = _role(commands, "gateway", "run one data-plane worker", _gateway)
    gateway.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)
    console = _role(commands, "console", "run the control plane", _console, port=8001)
    console.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)
    worker = commands.add_parser("worker", help="post this node's journals to the books")
    worker.add_argument("--data-dir", help="folder of journals, secret and embedded database")
    worker.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)
    worker.set_defaults(run=_worker)
    simulate = commands.add_parser("simulate", help="run the simulated provider on a port of its own")
    _add_simulator_arguments(simulate)
    simulate.set_defaults(run=_simulate)


def _role(commands: Commands, name: str, text: str, run: object, port: int = 8000) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=port, help="port to listen on (default: %(default)s)")
    parser.add_argument("--data-dir", help="folder of journals, secret and embedded database (default: .headgate)")
    parser.set_defaults(run=run)
    return parser


def _add_setup(commands: Commands) -> None:
    migrate = commands.add_parser("migrate", help="bring the database up to date and fill an empty one")
    migrate.add_argument("--data-dir", help="folder of journals, secret and embedded database")
    migrate.add_argument("--json", action="store_true", help="print what was created as JSON")
    migrate.set_defaults(run=_migrate)


def _add_people(commands: Commands) -> None:
    from headgate.cli.audit import add_commands as add_audit
    from headgate.cli.budgets import add_commands as add_budgets
    from headgate.cli.owners import add_commands as add_owners
    from headgate.cli.people import add_commands as add_people
    from headgate.cli.rollups import add_commands as add_rollups
    from headgate.cli.routes import add_commands as add_routes

    add_people(commands)
    add_budgets(commands)
    add_routes(commands)
    add_owners(commands)
    add_audit(commands)
    add_rollups(commands)


def _add_simulator_arguments(parser: argparse.ArgumentParser) -> None:
    from headgate.simulator.command import add_arguments

    add_arguments(parser)


def _serve(args: argparse.Namespace) -> int:
    from headgate.cli.serve import serve

    return serve(args.host, args.port, workers=args.workers)


def _gateway(args: argparse.Namespace) -> int:
    from headgate.infra.journal import JournalError
    from headgate.infra.settings import SettingsError
    from headgate.server.run import NoIngestError, run_worker

    try:
        return run_worker(args.host, args.port)
    except (SettingsError, JournalError, NoIngestError, OSError) as error:
        print(f"headgate gateway: {error}", file=sys.stderr)
        return 1


def _console(args: argparse.Namespace) -> int:
    from headgate.cli.console import run_console

    return run_console(args.host, args.port)


def _worker(args: argparse.Namespace) -> int:
    del args
    from headgate.worker.run import run_worker

    return run_worker()


def _simulate(args: argparse.Namespace) -> int:
    from headgate.simulator.command import main as simulate

    return simulate(args)


def _migrate(args: argparse.Namespace) -> int:
    from headgate.cli.setup import run_setup

    return run_setup(as_json=args.json)
