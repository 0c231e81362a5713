"""What the parts of the command line add their commands to."""

import argparse
from typing import Any, Protocol


class Commands(Protocol):
    """The object of `ArgumentParser.add_subparsers`, whose own class is private."""

    def add_parser(self, name: str, **kwargs: Any) -> argparse.ArgumentParser:
        """Add one command."""
        ...
