"""Rate limits."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from headgate.control.identifiers import new_id
from headgate.control.organizations.models import Organization

LARGEST = 10**12
"""More in a minute is no limit; and every sum of such figures is exact wherever it is counted."""


class Scope(models.TextChoices):
    """Whose requests are counted."""

    ORGANIZATION = "organization", "Organization"
    KEY = "key", "Virtual key"
    USER = "user", "User"
    MODEL = "model", "Model"
    DEPLOYMENT = "deployment", "Deployment"


def _limit(title: str, help_text: str) -> models.BigIntegerField:
    return models.BigIntegerField(
        title,
        null=True,
        blank=True,
        help_text=help_text,
        validators=[
            MinValueValidator(1, "Give 1 or more, or nothing for no limit."),
            MaxValueValidator(LARGEST, f"Give at most {LARGEST:,}, or nothing for no limit."),
        ],
    )


class RateLimit(models.Model):
    """What may be asked in a minute, and at once."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: inside every organization, each counted for itself.",
    )
    name = models.CharField(max_length=200)
    scope = models.CharField(max_length=16, choices=Scope.choices)
    subject = models.CharField(
        max_length=256,
        blank=True,
        help_text="Id of the key, organization or deployment, external id of the user, or public name of the model. "
        "Empty: each of them has a limit of its own.",
    )
    requests_per_minute = _limit("requests per minute", "In any 60 seconds.")
    tokens_per_minute = _limit("tokens per minute", "Input and output, in any 60 seconds.")
    concurrency = _limit("requests at once", "Answers that still stream count.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Table; a limit limits something."""

        db_table = "headgate_rate_limit"
        ordering: ClassVar[list[str]] = ["name", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(requests_per_minute=None) | Q(requests_per_minute__range=(1, LARGEST)),
                name="headgate_rate_limit_requests",
            ),
            models.CheckConstraint(
                condition=Q(tokens_per_minute=None) | Q(tokens_per_minute__range=(1, LARGEST)),
                name="headgate_rate_limit_tokens",
            ),
            models.CheckConstraint(
                condition=Q(concurrency=None) | Q(concurrency__range=(1, LARGEST)),
                name="headgate_rate_limit_concurrency",
            ),
            models.CheckConstraint(
                condition=~Q(requests_per_minute=None, tokens_per_minute=None, concurrency=None),
                name="headgate_rate_limit_something",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name
