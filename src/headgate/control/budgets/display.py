"""How budgets and windows look on pages."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from headgate.control.budgets.levels import Level, level_at
from headgate.control.budgets.models import Budget, Window
from headgate.control.display import NOTHING, usd
from headgate.domain.budget import BudgetUnit

GREEN, YELLOW, RED = "#16a34a", "#eab308", "#dc2626"


def amount(unit: str, figure: int) -> str:
    """Return an amount of a window: exact USD, or a number of tokens or requests."""
    if unit != BudgetUnit.MONEY:
        return f"{figure:,} {unit}"
    return f"-{usd(-figure)}" if figure < 0 else usd(figure)


def limit_of(budget: Budget) -> str:
    """Return the limit as it was set."""
    figure = f"{budget.limit.normalize():,f}"
    return f"{figure} {budget.currency if budget.unit == BudgetUnit.MONEY else budget.unit}"


def share(figure: int, limit: int) -> int:
    """Return whole per cent of a limit, rounded down; of a limit of 0 everything is all of it."""
    return 100 * figure // limit if limit else 100


def colour(percent: int) -> str:
    """Return green below 80, yellow from 80, red from 100 per cent."""
    return {Level.OK: GREEN, Level.WARNING: YELLOW, Level.EXCEEDED: RED}[level_at(percent)]


def bar(window: Window | None) -> SafeString | str:
    """Return what is spent, and lighter what is held, as a bar with its figures."""
    if window is None:
        return NOTHING
    percent = share(window.spent + window.leased, window.limit_amount)
    spent = min(100, share(window.spent, window.limit_amount))
    held = min(100 - spent, percent - spent) if window.limit_amount else 0
    return format_html(
        '<div style="min-width:11rem" data-share="{percent}">'
        '<div class="bg-base-200 dark:bg-base-700 flex overflow-hidden rounded-default" style="height:.5rem">'
        '<div style="width:{spent}%;background:{colour}"></div>'
        '<div style="width:{held}%;background:{colour};opacity:.45"></div></div>'
        '<div class="text-xs" style="white-space:nowrap">'
        "{percent} %: {spent_figure} spent, {held_figure} held</div></div>",
        percent=percent,
        spent=spent,
        held=held,
        colour=colour(percent),
        spent_figure=amount(window.unit, window.spent),
        held_figure=amount(window.unit, window.leased),
    )
