"""Requests and cost events that ended in any other way than well: a few in a hundred, with an index of their own.

It is not worth having for the others, and every row that is inserted would pay for it.
"""

from typing import Any

from django.db.models import Q, QuerySet

from headgate.domain.outcome import Outcome

OTHERWISE = ~Q(outcome=Outcome.OK.value)
"""The condition of the index."""


def ended_otherwise(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Keep rows with another outcome, in the very words of the index: SQLite uses it for no others."""
    table = rows.model._meta.db_table
    condition = f'NOT ("{table}"."outcome" = \'{Outcome.OK.value}\')'
    found: QuerySet[Any] = rows.extra(where=[condition])  # noqa: S610 - our own words
    return found
