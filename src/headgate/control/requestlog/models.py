"""The request log."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from headgate.control.dimensions import Dimensions, text
from headgate.control.ended import OTHERWISE
from headgate.control.organizations.models import Organization


class RequestLog(Dimensions):
    """One request, however it ended. Written by `ledger/operations.py`, once."""

    request_id = models.CharField(primary_key=True, max_length=100)
    original_model = text()
    provider = text()
    response_model = text()
    message = text()
    attempts = models.IntegerField()
    cost_nano = models.BigIntegerField(null=True)
    latency_ms = models.FloatField(null=True)
    upstream_ms = models.FloatField(null=True)
    first_content_ms = models.FloatField(null=True)
    prompt_sha256 = models.CharField(max_length=64)
    client_gone = models.BooleanField()
    verdicts: "models.JSONField[list[Any], list[Any]]" = models.JSONField(default=list)
    degraded_to = text()
    clamped_to = models.BigIntegerField(null=True)
    route = text()
    arm = text()
    tries: "models.JSONField[list[Any], list[Any]]" = models.JSONField(default=list, db_default=[])

    class Meta:
        """Table, newest first, and the orders in which it is read."""

        db_table = "headgate_request_log"
        verbose_name = "request"
        verbose_name_plural = "requests"
        ordering: ClassVar[list[str]] = ["-occurred_at", "-request_id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["occurred_at", "request_id"], name="headgate_log_time"),
            models.Index(fields=["organization", "occurred_at", "request_id"], name="headgate_log_org_time"),
            models.Index(
                fields=["route", "occurred_at"], condition=Q(route__isnull=False), name="headgate_log_route_time"
            ),
            models.Index(
                fields=["outcome", "occurred_at", "request_id"], condition=OTHERWISE, name="headgate_log_otherwise"
            ),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(cost_nano=None) | Q(cost_nano__gte=0), name="headgate_log_cost")
        ]

    def __str__(self) -> str:
        """Return the request id."""
        return self.request_id


class Content(models.Model):
    """A piece of the text of a request or its answer, redacted; only of organizations that keep it."""

    id = models.CharField(primary_key=True, max_length=140, help_text="Request, side and number.")
    request_id = models.CharField(max_length=100)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    occurred_at = models.DateTimeField()
    side = models.CharField(max_length=8)
    number = models.IntegerField()
    text = models.TextField()

    objects: "ClassVar[models.Manager[Content]]"

    class Meta:
        """Table, and the order in which pieces are put together."""

        db_table = "headgate_content"
        ordering: ClassVar[list[str]] = ["request_id", "side", "number"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["request_id"], name="headgate_content_request"),
            models.Index(fields=["occurred_at"], name="headgate_content_time"),
        ]

    def __str__(self) -> str:
        """Return which piece it is."""
        return self.id
