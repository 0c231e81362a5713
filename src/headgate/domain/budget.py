"""Nouns of budgets: closed lists, shared by both planes."""

from enum import StrEnum
from typing import NewType

BudgetId = NewType("BudgetId", str)
"""UUID of a budget, as 32 hex digits."""

WindowId = NewType("WindowId", str)
"""`<budget>.<epoch>.<label>` and, where each subject has one of its own, `.<subject>`: one period of one budget."""


class Scope(StrEnum):
    """Whose spending a budget bounds."""

    SYSTEM = "system"
    """Everybody's."""
    ORGANIZATION = "organization"
    TEAM = "team"
    PROJECT = "project"
    APP = "app"
    CLIENT = "client"
    USER = "user"
    """An end user, by external id."""
    AGENT = "agent"
    KEY = "key"
    """One virtual key, by its id."""


class Period(StrEnum):
    """How long a window lasts."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"
    """For ever: one window without an end."""


class BudgetUnit(StrEnum):
    """What a budget counts."""

    MONEY = "money"
    """Integer nano-USD."""
    TOKENS = "tokens"
    """Input and output."""
    REQUESTS = "requests"
    """Attempts that a provider answered or may have billed."""


class LeaseClass(StrEnum):
    """Up to where a lease may be drawn."""

    NORMAL = "normal"
    """Up to the limit."""
    CRITICAL = "critical"
    """Up to the hard limit: for critical tasks, under a soft budget."""
