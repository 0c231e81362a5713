"""Policies."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from headgate.control.budgets.models import Budget
from headgate.control.identifiers import new_id
from headgate.control.organizations.models import Organization
from headgate.domain.money import LARGEST_NANO


def validate_name(name: str) -> None:
    """Accept a name that can stand in the sentence with which a request is refused.

    Raises:
        ValidationError: it holds line breaks or other characters that cannot be seen.
    """
    if not name.isprintable():
        raise ValidationError("Use printable characters on one line.")


def _list() -> "models.JSONField[list[str], list[str]]":
    return models.JSONField(default=list, blank=True)


def _euros(title: str, help_text: str) -> models.DecimalField:
    return models.DecimalField(
        title,
        max_digits=15,  # so many SQLite keeps exactly
        decimal_places=6,
        null=True,
        blank=True,
        help_text=help_text,
        validators=[MinValueValidator(0, "Give 0 or more, or nothing for no limit. 0 leaves what is free.")],
    )


class Policy(models.Model):
    """What an organization allows. An empty list allows all, an empty limit limits nothing, a block beats all."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(
        max_length=100, validators=[validate_name], help_text="Refusals and the request log call it by this name."
    )
    enabled = models.BooleanField(default=True, help_text="Switched off, it says nothing.")
    shadow = models.BooleanField(
        default=False, help_text="Writes into the request log what it would block, and blocks nothing."
    )
    allowed_models = _list()
    blocked_models = _list()
    allowed_providers = _list()
    allowed_tasks = _list()
    required_attribution = _list()
    max_tokens_per_request = models.BigIntegerField(
        "maxTokensPerReq",
        null=True,
        blank=True,
        help_text="The most tokens that one request may take, input and output together. A request without a limit "
        "on its output is blocked. Empty: any number.",
        validators=[
            MinValueValidator(1, "Give 1 or more tokens, or nothing for any number."),
            MaxValueValidator(LARGEST_NANO, f"Give at most {LARGEST_NANO:,} tokens, or nothing for any number."),
        ],
    )
    max_cost_per_request_eur = _euros(
        "maxCostPerReqEur", "The most that one request may cost, in EUR, known before it leaves. Empty: anything."
    )
    max_cost_per_day_eur = _euros(
        "maxCostPerDayEur",
        "The most that the organization may spend in a day, in EUR. Held like every budget, so that it is never "
        "overdrawn. Empty: anything.",
    )
    time_zone = models.CharField(
        max_length=64, default="UTC", help_text="Whose day maxCostPerDayEur means, for example Europe/Berlin."
    )
    budget = models.OneToOneField(Budget, on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Table; an organization has one policy of a name."""

        db_table = "headgate_policy"
        verbose_name_plural = "policies"
        ordering: ClassVar[list[str]] = ["organization", "name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "name"], name="headgate_policy_once"),
            models.CheckConstraint(
                condition=Q(max_tokens_per_request=None)
                | Q(max_tokens_per_request__gte=1, max_tokens_per_request__lte=LARGEST_NANO),
                name="headgate_policy_tokens",
            ),
            models.CheckConstraint(
                condition=Q(max_cost_per_request_eur=None) | Q(max_cost_per_request_eur__gte=0),
                name="headgate_policy_cost",
            ),
            models.CheckConstraint(
                condition=Q(max_cost_per_day_eur=None) | Q(max_cost_per_day_eur__gte=0), name="headgate_policy_day"
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name
