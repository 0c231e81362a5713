"""Price cards."""

from typing import Any, ClassVar

from django.db import models

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
