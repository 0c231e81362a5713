"""What sinks are still to be told, and how they are doing."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from headgate.control.dimensions import text


class Delivery(models.Model):
    """A sink is to be told of a request; the row is gone when it was. Written with the request's row in the log."""

    id = models.BigAutoField(primary_key=True)
    sink = models.CharField(max_length=32)
    request_id = models.CharField(max_length=100)
    occurred_at = models.DateTimeField(help_text="Of the request.")
    context: "models.JSONField[dict[str, str] | None, dict[str, str] | None]" = models.JSONField(null=True)
    refusal = text()

    class Meta:
        """Table, and the order in which a sink is told."""

        db_table = "headgate_delivery"
        verbose_name_plural = "deliveries"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["sink", "id"], condition=Q(refusal=None), name="headgate_delivery_next"),
            models.Index(fields=["sink"], condition=Q(refusal__isnull=False), name="headgate_delivery_refused"),
        ]

    def __str__(self) -> str:
        """Return who is to be told of what."""
        return f"{self.request_id} to {self.sink}"


class SinkState(models.Model):
    """How a sink is doing, as the worker that tells it last saw."""

    sink = models.CharField(primary_key=True, max_length=32)
    tried_at = models.DateTimeField(help_text="When it was last asked or told anything.")
    answered_at = models.DateTimeField(null=True, help_text="When it last took what it was told, or answered.")
    error = text()
    address = text()
    """Of the pages on which it shows what it was told; None: not known."""

    class Meta:
        """Table."""

        db_table = "headgate_sink_state"

    def __str__(self) -> str:
        """Return its name."""
        return self.sink
