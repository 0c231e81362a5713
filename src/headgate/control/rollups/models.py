"""Sums of cost events and request log rows per hour or day and group; see `ledger/rollups.py` and decision 0015.

Rows are written by `upserts.py`, past the ORM. Where a value was not given the column is NULL, as in the books. Ids
begin with the hour or day, so that the primary key is the order by time of all organizations' rows.
"""

from typing import Any, ClassVar

from django.db import models

from headgate.control.dimensions import text
from headgate.control.identifiers import new_id
from headgate.ledger.latency import BUCKETS
from headgate.ledger.rollups import HISTOGRAM


def _count() -> "models.BigIntegerField[int, int]":
    # With a default in the database, so that a version that does not know the column can write.
    return models.BigIntegerField(db_default=0)


class Counts(models.Model):
    """What is summed up."""

    id = models.UUIDField(primary_key=True, help_text="The hour or day, and a digest of the group.")
    requests = _count()
    errors = _count()
    refused = _count()
    timed = _count()
    latency_us = _count()
    attempts = _count()
    charged = _count()
    estimated = _count()
    unpriced = _count()
    amount_nano = _count()
    prompt_tokens = _count()
    completion_tokens = _count()
    total_tokens = _count()

    class Meta:
        """Shared by four tables."""

        abstract = True


class Called(Counts):
    """Per what was called, with latencies in buckets."""

    provider = text()
    model = text()
    endpoint = text(null=False)
    task = text()

    class Meta:
        """Shared by three tables."""

        abstract = True


for _name in HISTOGRAM:
    _bucket: "models.IntegerField[Any, Any]" = models.IntegerField(db_default=0)
    Called.add_to_class(_name, _bucket)


class CalledDay(Called):
    """One UTC day of all organizations together."""

    day = models.DateField()

    class Meta:
        """Table; read by its ids."""

        db_table = "headgate_rollup_called_day"

    def __str__(self) -> str:
        """Return which day."""
        return str(self.day)


class Traffic(Called):
    """Per organization too."""

    organization_id = models.CharField(max_length=32)

    class Meta:
        """Shared by two tables."""

        abstract = True


class TrafficHour(Traffic):
    """One hour."""

    hour = models.DateTimeField()

    class Meta:
        """Table, and the orders in which it is read."""

        db_table = "headgate_rollup_traffic_hour"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organization_id", "hour"], name="headgate_traffic_hour_org"),
        ]

    def __str__(self) -> str:
        """Return which hour, and of whom."""
        return f"{self.hour} {self.organization_id}"


class TrafficDay(Traffic):
    """One UTC day."""

    day = models.DateField()

    class Meta:
        """Table, and the orders in which it is read."""

        db_table = "headgate_rollup_traffic_day"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organization_id", "day"], name="headgate_traffic_day_org"),
        ]

    def __str__(self) -> str:
        """Return which day, and of whom."""
        return f"{self.day} {self.organization_id}"


class UserHour(Counts):
    """One hour of one user of an organization."""

    hour = models.DateTimeField()
    organization_id = models.CharField(max_length=32)
    end_user = text(null=False)

    class Meta:
        """Table, and the orders in which it is read."""

        db_table = "headgate_rollup_user_hour"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organization_id", "end_user", "hour"], name="headgate_user_hour_user"),
        ]

    def __str__(self) -> str:
        """Return which hour, and of whom."""
        return f"{self.hour} {self.end_user}"


class UserDay(Counts):
    """One UTC day of one user of an organization, or of all its requests without a user."""

    day = models.DateField()
    organization_id = models.CharField(max_length=32)
    end_user = text()

    class Meta:
        """Table, and the order in which it is read: a user is looked for in all organizations, too."""

        db_table = "headgate_rollup_user_day"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["end_user", "organization_id", "day"], name="headgate_user_day_user"),
        ]

    def __str__(self) -> str:
        """Return which day, and of whom."""
        return f"{self.day} {self.end_user}"


class UserLatency(models.Model):
    """How many requests of one user took so long on one UTC day: a row per bucket, for most are empty."""

    id = models.UUIDField(primary_key=True, help_text="The day, and a digest of the group.")
    day = models.DateField()
    organization_id = models.CharField(max_length=32)
    end_user = text(null=False)
    bucket = models.SmallIntegerField(help_text=f"0 to {BUCKETS - 1}.")
    requests = _count()

    class Meta:
        """Table, and the order in which it is read."""

        db_table = "headgate_rollup_user_latency"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organization_id", "end_user", "day"], name="headgate_user_latency_user"),
        ]

    def __str__(self) -> str:
        """Return which day, and of whom."""
        return f"{self.day} {self.end_user}"


class SpendDay(Counts):
    """One UTC day, by everything that a request can be charged to."""

    day = models.DateField()
    organization_id = models.CharField(max_length=32)
    end_user = text()
    team = text()
    project = text()
    app = text()
    client = text()
    agent = text()
    key_id = models.CharField(max_length=32)
    provider = text()
    model = text()
    task = text()
    endpoint = text(null=False)

    class Meta:
        """Table, and the orders in which it is read."""

        db_table = "headgate_rollup_spend_day"
        default_permissions = ()
        permissions = (
            ("view_ai_analytics", "Can view the AI analytics of all organizations"),
            ("reset_user_spend", "Can reset the spend of users of all organizations"),
        )
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organization_id", "day"], name="headgate_spend_day_org"),
            models.Index(fields=["organization_id", "end_user", "day"], name="headgate_spend_day_user"),
        ]

    def __str__(self) -> str:
        """Return which day, and of whom."""
        return f"{self.day} {self.organization_id}"


class Check(models.Model):
    """One comparison of the roll-ups with the sums of the rows that they were made from."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    checked_at = models.DateTimeField()
    since = models.DateField(help_text="First UTC day that was compared.")
    until = models.DateField(help_text="First UTC day after those.")
    differences: "models.JSONField[list[Any], list[Any]]" = models.JSONField(default=list)

    class Meta:
        """Table; newest first."""

        db_table = "headgate_rollup_check"
        ordering: ClassVar[list[str]] = ["-checked_at"]

    def __str__(self) -> str:
        """Return when, and what came of it."""
        return f"{self.checked_at}: {len(self.differences)} differences"


class Removal(models.Model):
    """Cost events and request log rows that are not kept any longer; their roll-ups are."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    removed_at = models.DateTimeField()
    before = models.DateTimeField(help_text="What happened before is removed.")
    cost_events = models.BigIntegerField()
    requests = models.BigIntegerField()

    class Meta:
        """Table; newest first."""

        db_table = "headgate_rollup_removal"
        ordering: ClassVar[list[str]] = ["-before", "-removed_at"]

    def __str__(self) -> str:
        """Return the day."""
        return f"before {self.before}"
