"""Tables of the dashboard: what stands in each cell, where it leads, and how it is set."""

from collections.abc import Sequence
from typing import NamedTuple

from headgate.control.display import OUTCOME_COLOURS


class Cell(NamedTuple):
    """One cell."""

    text: str
    href: str = ""
    number: bool = False
    label: str = ""
    """Colour of a badge, as unfold names it; empty: plain text."""
    note: str = ""
    outside: bool = False
    """The link leads to another site."""


class Column(NamedTuple):
    """The head of a column."""

    title: str
    number: bool = False
    href: str = ""
    """Sorts by it."""
    sorted: bool = False


class Table(NamedTuple):
    """A table with what it is called, and what stands there while it is empty."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    empty: str
    note: str = ""
    href: str = ""
    """Where there is more of it."""
    more: str = "All of them"
    anchor: str = ""
    stacked: bool = False
    """On a phone each row is a stack of its cells, with the columns' heads beside them."""

    @property
    def headed(self) -> list[list[tuple[Column, Cell]]]:
        """Rows, each cell with the head of its column."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


def figure(text: object, href: str = "") -> Cell:
    """A number."""
    return Cell(str(text), href, number=True)


def outcome(text: str) -> Cell:
    """How a request ended."""
    return Cell(text, label=OUTCOME_COLOURS.get(text, ""))


def share(part: object) -> str:
    """Return a share of all as per cent, two digits; a dash for none."""
    return "-" if part is None else f"{float(str(part)) * 100:.2f}%"
