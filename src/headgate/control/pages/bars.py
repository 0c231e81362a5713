"""How much of a limit is used, as a bar with its figures: green below 80 per cent, yellow from 80, red from 100."""

from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from headgate.control.budgets.levels import Level, level_at

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.EXCEEDED: "red"}
_SHARED = "share"
"""Of everybody's limit, or of a whole: near or not says nothing."""


def colour_of(percent: Decimal | int) -> str:
    """Return `green`, `yellow` or `red`."""
    return _COLOURS[level_at(percent)]


def bar(percent: Decimal | int, label: str, *, shared: bool = False) -> SafeString:
    """Return a bar; what it says in words, `label`, stands below it. A `shared` limit has a colour of its own."""
    return format_html(
        '<div class="hg-bar hg-{colour}" data-percent="{percent}">'
        '<progress max="100" value="{filled}" aria-label="{label}"></progress>'
        '<span class="text-xs">{label}</span></div>',
        colour=_SHARED if shared else colour_of(percent),
        percent=percent,
        filled=min(max(percent, 0), 100),
        label=label,
    )


def share(percent: Decimal) -> SafeString:
    """Return how much of a whole something is, as a bar of one colour with its figure."""
    return format_html(
        '<div class="hg-bar hg-share"><progress max="100" value="{percent}" aria-hidden="true"></progress>'
        '<span class="text-xs">{percent} %</span></div>',
        percent=percent,
    )
