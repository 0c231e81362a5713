"""Routes and their arms."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from headgate.control.deployments.models import MOST_WEIGHT
from headgate.control.identifiers import new_id
from headgate.control.organizations.models import Organization

MOST_RETRIES = 10
LONGEST_HEDGE_MS = 600_000


class Strategy(models.TextChoices):
    """How a route orders its arms for one request; the words of `snapshot/contract.py`."""

    PRIORITY = "priority", "Priority: as listed"
    WEIGHTED = "weighted", "Weighted: by chance, in proportion to the weights"
    LATENCY = "latency", "Latency: the one that answered soonest lately"
    COST = "cost", "Cost: the one whose upper bound is lowest"
    SPLIT = "split", "Split: an A/B test by weight, with sticky assignment"


class Sticky(models.TextChoices):
    """By what a split recognises who asks."""

    USER = "user", "End user, or the key where none is named"
    KEY = "key", "Virtual key"
    REQUEST = "request", "Nothing: every request anew"


def validate_name(name: str) -> None:
    """Accept what can be written as a model's name.

    Raises:
        ValidationError: it holds blanks or characters that cannot be seen, or is a pattern.
    """
    if not name.isprintable() or " " in name:
        raise ValidationError("Use printable characters without blanks.")
    if "*" in name:
        raise ValidationError("Write one name; patterns are not known here.")


class Route(models.Model):
    """An alias: a public model name that stands for others."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: shared, for every organization that may use shared deployments.",
    )
    name = models.CharField(
        max_length=200,
        validators=[validate_name],
        help_text="What callers write as the model. It goes before a deployment of the same name.",
    )
    strategy = models.CharField(max_length=16, choices=Strategy.choices, default=Strategy.PRIORITY)
    sticky_by = models.CharField(
        "assigned by", max_length=16, choices=Sticky.choices, default=Sticky.USER, help_text="Of a split."
    )
    retries = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(MOST_RETRIES)],
        help_text="At the same deployment, before the next one is tried. Empty: as the installation's settings say.",
    )
    hedge_after_ms = models.PositiveIntegerField(
        "hedge after (ms)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_HEDGE_MS)],
        help_text="When no answer has begun by then, the next deployment is asked too, and both may be billed. "
        "Empty: never.",
    )
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Table; a name is given once to an organization, and once to all."""

        db_table = "headgate_route"
        ordering: ClassVar[list[str]] = ["name", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organization", "name"],
                name="headgate_route_once",
                violation_error_message="The organization has a route of this name already.",
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(organization=None),
                name="headgate_route_shared_once",
                violation_error_message="There is a shared route of this name already.",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Arm(models.Model):
    """One of the models that a route chooses between."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    route = models.ForeignKey(Route, on_delete=models.CASCADE, related_name="arms")
    position = models.PositiveIntegerField(default=1, help_text="Lower first.")
    name = models.CharField(max_length=100, blank=True, help_text="In reports. Empty: the model's name.")
    model = models.CharField(
        max_length=256,
        validators=[validate_name],
        help_text="Public name: a deployment's, <provider>/<model>, or a bare model name.",
    )
    weight = models.PositiveIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_WEIGHT)],
        help_text="Its share beside the others' weights.",
    )

    class Meta:
        """Table; names of arms are what reports are about."""

        db_table = "headgate_route_arm"
        ordering: ClassVar[list[str]] = ["route", "position", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(weight__range=(1, MOST_WEIGHT)), name="headgate_route_arm_weight"),
        ]

    def __str__(self) -> str:
        """Return the name that reports call it."""
        return self.title

    @property
    def title(self) -> str:
        """The name that reports call it."""
        return self.name or self.model
