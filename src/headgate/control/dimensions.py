"""Columns that a cost event and a request log row have in common."""

from django.db import models

from headgate.control.keys.models import VirtualKey
from headgate.control.organizations.models import Organization
from headgate.domain.outcome import Outcome

OUTCOMES = [(outcome.value, outcome.value) for outcome in Outcome]


def text(*, null: bool = True) -> "models.TextField[str | None, str | None]":
    """Return a text column. NULL means that it was not given, which an empty string would not say.

    It has no length: what callers and providers write must never be what a row cannot take.
    """
    return models.TextField(null=null)


class Dimensions(models.Model):
    """Whom a row is charged to, and what was counted.

    Organization and key have no constraint in the database: a row that happened is posted even if what it names is
    gone, because nothing may stop the books.
    """

    occurred_at = models.DateTimeField()
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    key = models.ForeignKey(VirtualKey, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    end_user = text()
    team = text()
    project = text()
    app = text()
    client = text()
    agent = text()
    task = text()
    endpoint = text(null=False)
    stream = models.BooleanField()
    outcome = models.CharField(max_length=16, choices=OUTCOMES)
    status = models.IntegerField(null=True)
    error = text()
    quantities: "models.JSONField[dict[str, int] | None, dict[str, int] | None]" = models.JSONField(null=True)
    prompt_tokens = models.BigIntegerField(null=True)
    completion_tokens = models.BigIntegerField(null=True)
    total_tokens = models.BigIntegerField(null=True)

    class Meta:
        """Shared by two tables."""

        abstract = True
