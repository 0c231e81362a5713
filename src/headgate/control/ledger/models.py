"""The books. Cost events are inserted once; a trigger in the database refuses to change one."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from headgate.control.dimensions import Dimensions, text
from headgate.control.ended import OTHERWISE


class CostEvent(Dimensions):
    """One attempt's usage x card = amount."""

    event_id = models.CharField(primary_key=True, max_length=120)
    request_id = models.CharField(max_length=100)
    attempt = models.IntegerField()
    settled_at = models.DateTimeField()
    provider = text(null=False)
    deployment_id = models.CharField(max_length=100)
    original_model = text(null=False)
    request_model = text(null=False)
    response_model = text()
    card_id = text()
    hold_nano = models.BigIntegerField(null=True)
    amount_nano = models.BigIntegerField(null=True, help_text="Nano-USD. Empty: unpriced.")
    estimated = models.BooleanField()
    unpriced_units: "models.JSONField[list[str], list[str]]" = models.JSONField()
    reported_cost = text()
    service_tier = text()
    upstream_request_id = text()
    kept_id = models.TextField(null=True, help_text="The provider's id of a kept answer.")  # noqa: DJ001 - see index

    class Meta:
        """Table, newest first, and the orders in which it is read."""

        db_table = "headgate_cost_event"
        ordering: ClassVar[list[str]] = ["-occurred_at", "-event_id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["occurred_at", "event_id"], name="headgate_event_time"),
            models.Index(fields=["organization", "occurred_at", "event_id"], name="headgate_event_org_time"),
            models.Index(fields=["kept_id"], condition=Q(kept_id__isnull=False), name="headgate_event_kept"),
            models.Index(
                fields=["outcome", "occurred_at", "event_id"], condition=OTHERWISE, name="headgate_event_otherwise"
            ),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(amount_nano=None) | Q(amount_nano__gte=0), name="headgate_event_amount"),
            models.CheckConstraint(condition=Q(hold_nano=None) | Q(hold_nano__gte=0), name="headgate_event_hold"),
        ]

    def __str__(self) -> str:
        """Return the event id."""
        return self.event_id


class OwnerState(models.TextChoices):
    """Whether an owner's journal can still hold something that is not posted."""

    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"


class Owner(models.Model):
    """One start of one data-plane worker: the owner of one journal."""

    id = models.CharField(primary_key=True, max_length=32)
    node = models.CharField(max_length=200)
    boot_id = models.CharField(max_length=100)
    state = models.CharField(max_length=8, choices=OwnerState.choices, default=OwnerState.OPEN)
    op_seq = models.BigIntegerField(default=0, help_text="Of the owner's last draw or return.")
    registered_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        """Table."""

        db_table = "headgate_owner"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["node", "state"], name="headgate_owner_node"),
            # Counted by every worker ten times a second; the closed ones are many.
            models.Index(fields=["state"], condition=Q(state="open"), name="headgate_owner_open"),
        ]

    def __str__(self) -> str:
        """Return the id."""
        return self.id


class Cursor(models.Model):
    """How far an owner's journal is posted, in bytes from its beginning."""

    owner = models.OneToOneField(Owner, primary_key=True, on_delete=models.PROTECT)
    posted = models.BigIntegerField(default=0)
    low_watermark = models.BigIntegerField(default=0)

    class Meta:
        """Table; nothing below the watermark is ever read again."""

        db_table = "headgate_cursor"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(low_watermark__gte=0) & Q(posted__gte=F("low_watermark")), name="headgate_cursor_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} at {self.posted}"


class IngestState(models.Model):
    """How far the ingest of a node is, as it says itself: what pages say of their freshness."""

    node = models.CharField(primary_key=True, max_length=200)
    seen_at = models.DateTimeField(help_text="When it last said anything.")
    caught_up_at = models.DateTimeField(null=True, help_text="What its journals held then is in the books.")
    parked = models.IntegerField(default=0, help_text="Journals that cannot be posted at the moment.")

    class Meta:
        """Table."""

        db_table = "headgate_ingest_state"

    def __str__(self) -> str:
        return self.node
