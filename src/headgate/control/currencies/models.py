"""Exchange rates."""

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from headgate.control.identifiers import new_id

MAX_DIGITS = 15
"""SQLite keeps a decimal exactly up to so many digits."""
MAX_DECIMALS = 9


class ExchangeRate(models.Model):
    """What one unit of a currency is worth from a date on. Never edited: a newer row follows it."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    currency = models.CharField(
        max_length=3,
        validators=[RegexValidator("^[A-Z]{3}$", "Three capitals, as in ISO 4217.")],
        help_text="ISO 4217.",
    )
    usd_rate = models.DecimalField(
        "USD per unit",
        max_digits=MAX_DIGITS,
        decimal_places=MAX_DECIMALS,
        validators=[MinValueValidator(Decimal(1).scaleb(-MAX_DECIMALS))],
        help_text="For example 1.04 for EUR.",
    )
    active_from = models.DateField(help_text="First UTC day.")
    source = models.CharField(max_length=200, help_text="Who says so.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Table; what is in force first."""

        db_table = "headgate_exchange_rate"
        ordering: ClassVar[list[str]] = ["currency", "-active_from", "-created_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["currency", "active_from"], name="headgate_rate_lookup")
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(usd_rate__gt=0), name="headgate_rate_positive"),
            models.CheckConstraint(condition=~Q(currency="USD"), name="headgate_rate_of_others"),
        ]

    def __str__(self) -> str:
        """Return the currency, the rate and its first day."""
        return f"{self.currency} {self.usd_rate:f} from {self.active_from}"
