"""How much of a limit is used, as a bar with its figures: green below 80 per cent, yellow from 80, red from 100."""

from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString

WARNING, EXCEEDED = 80, 100
"""Per cent of a limit."""


def colour_of(percent: Decimal | int) -> str:
    """Return `green`, `yellow` or `red`."""
    if percent >= EXCEEDED:
        return "red"
    return "yellow" if percent >= WARNING else "green"


def bar(percent: Decimal | int, label: str) -> SafeString:
    """Return a bar; what it says in words, `label`, stands below it."""
    return format_html(
        '<div class="hg-bar hg-{colour}" data-percent="{percent}">'
        '<progress max="100" value="{filled}" aria-label="{label}"></progress>'
        '<span class="text-xs">{label}</span></div>',
        colour=colour_of(percent),
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
