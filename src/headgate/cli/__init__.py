"""The command line: `headgate <command>`."""

from headgate.cli.main import main

__all__ = ["main"]
