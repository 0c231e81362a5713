"""Price cards, and what bounds are widened by."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from headgate.control.organizations.models import Organization


class PriceCard(models.Model):
    """One immutable price card. A trigger in the database refuses any change of its figures."""

    id = models.CharField(primary_key=True, max_length=400)
    provider = models.CharField(max_length=64)
    model = models.CharField(max_length=200)
    active_from = models.DateField(null=True, help_text="First UTC day; empty: always.")
    source = models.CharField(max_length=64)
    priority = models.IntegerField()
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True)
    free = models.BooleanField(default=False)
    payload: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(
        null=True, help_text="Set when a newer release of the price data no longer has this card; it is not published."
    )

    class Meta:
        """Table and the orders in which cards are looked up."""

        db_table = "headgate_price_card"
        ordering: ClassVar[list[str]] = ["provider", "model", "-active_from"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["provider", "model", "active_from"], name="headgate_card_lookup")
        ]

    def __str__(self) -> str:
        """Return the card's id."""
        return self.id


class Widening(models.Model):
    """A model whose provider billed more than was held for it: what its holds are multiplied by from then on."""

    provider = models.CharField(max_length=64, help_text="As price cards name it.")
    model = models.CharField(max_length=256, help_text="As sent upstream.")
    factor_ppm = models.IntegerField(help_text="Millionths, above 1,000,000.")
    seen_at = models.DateTimeField(help_text="When it last grew.")
    event_id = models.CharField(max_length=120, help_text="The cost event that it last grew by.")

    class Meta:
        """Table, one row per model."""

        db_table = "headgate_widening"
        ordering: ClassVar[list[str]] = ["-seen_at", "provider", "model"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["provider", "model"], name="headgate_widening_model"),
            models.CheckConstraint(condition=Q(factor_ppm__gt=1_000_000), name="headgate_widening_grows"),
        ]

    def __str__(self) -> str:
        """Return the model that it is for."""
        return f"{self.provider}/{self.model}"
