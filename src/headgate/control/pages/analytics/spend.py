"""How much of his limits a user has spent, as bars and badges: all of them on the boundaries of `status_of`."""

from decimal import ROUND_DOWN, Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from headgate.control.budgets.levels import Level
from headgate.control.budgets.standing import Standing
from headgate.control.display import usd
from headgate.control.pages.bars import bar
from headgate.control.tracking import costs_shown
from headgate.domain.budget import Scope

BADGES = {Level.OK: ("OK", "success"), Level.WARNING: ("Warning", "warning"), Level.EXCEEDED: ("Exceeded", "danger")}
"""What a badge says, and its colour as unfold names it."""
_PERCENT = Decimal("0.01")


def percent_of(standing: Standing) -> Decimal | None:
    """Return what is spent and held of the limit, two digits, rounded down: 79.999 is not 80. None: no limit."""
    if standing.limit is None:
        return None
    if not standing.limit:
        return Decimal(100)
    used = Decimal(100 * (standing.spend + standing.held)) / standing.limit
    return used.quantize(_PERCENT, rounding=ROUND_DOWN)


def spend_bar(standing: Standing) -> SafeString:
    """Return a bar of his own limit, the share of everybody's limit in another colour, or the amount alone."""
    percent = percent_of(standing)
    if percent is None:
        return format_html('<span class="hg-number">{}</span>', _amount(standing, "no limit"))
    limit = usd(standing.limit) if costs_shown() else ""
    if standing.scope != Scope.USER:
        words = f"{percent} % of everybody's {limit}".rstrip()
        return bar(percent, _amount(standing, words), shared=True)
    words = f"{percent} % of {limit}" if limit else f"{percent} %"
    return bar(percent, _amount(standing, words))


def _amount(standing: Standing, words: str) -> str:
    """Return what is spent, what is held, and of what."""
    if not costs_shown():
        return words
    held = f" + {usd(standing.held)} held" if standing.held else ""
    return f"{usd(standing.spend)}{held}, {words}"
