"""Budgets, and what has been spent and drawn of each.

Windows and leases are written by the data plane's lease store and by ingest, past the ORM. Their tables are made by
hand (`migrations/0002_windows.py`): strict on SQLite, with the invariant of the money protocol as a constraint.
"""

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from headgate.control.identifiers import new_id
from headgate.control.organizations.models import Organization
from headgate.domain.budget import BudgetUnit, LeaseClass, Period, Scope


def _choices(kinds: type[Scope] | type[Period] | type[BudgetUnit] | type[LeaseClass]) -> list[tuple[str, str]]:
    return [(kind.value, kind.value) for kind in kinds]


class Source(models.TextChoices):
    """Who made a budget."""

    ADMIN = "admin", "Admin"
    ENVIRONMENT = "environment", "Environment"
    ORGANIZATION = "organization", "Organization's admins"
    POLICY = "policy", "Policy"


class Budget(models.Model):
    """A limit on what a scope may spend in a period. Never deleted: `retired_at` is its tombstone."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        help_text="Empty: the installation's, inside every organization.",
    )
    name = models.CharField(max_length=200)
    scope = models.CharField(
        max_length=16,
        choices=_choices(Scope),
        help_text="Budgets may overlap: a request is held against every budget that it falls under, or against none.",
    )
    subject = models.CharField(
        max_length=200,
        blank=True,
        help_text="External id whose spending is bounded. Empty: each subject of the scope has its own limit.",
    )
    period = models.CharField(max_length=8, choices=_choices(Period))
    time_zone = models.CharField(max_length=64, default="UTC", help_text="For example Europe/Berlin.")
    unit = models.CharField(max_length=8, choices=_choices(BudgetUnit), default=BudgetUnit.MONEY.value)
    limit = models.DecimalField(
        max_digits=28,
        decimal_places=9,
        validators=[MinValueValidator(0, "Give 0 or more. 0 refuses everything that is not free.")],
        help_text="In the currency; whole tokens or requests for the other units.",
    )
    currency = models.CharField(max_length=3, default="USD")
    soft = models.BooleanField(default=False, help_text="Critical tasks may go to the soft multiplier times the limit.")
    soft_multiplier = models.DecimalField(
        max_digits=12,
        decimal_places=6,
        default=Decimal(2),
        editable=False,
        help_text="AI_BUDGET_SOFT_LIMIT_MULTIPLIER as it was when the limit was set.",
    )
    clamp = models.BooleanField(default=False, help_text="May lower max_tokens to what is affordable.")
    top_up = models.BooleanField(
        default=False, help_text="Streams may start with a part of their hold; cut when there is no more."
    )
    shadow = models.BooleanField(default=False, help_text="Says what it would refuse, but refuses nothing.")
    source = models.CharField(max_length=16, choices=Source.choices, default=Source.ADMIN, editable=False)
    policy_name = models.CharField(max_length=200, blank=True, editable=False)
    limit_version = models.IntegerField(default=1, editable=False)
    epoch = models.IntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    reset_at = models.DateTimeField(null=True, editable=False, help_text="Of all of it; what was sent before is over.")
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        """Table."""

        db_table = "headgate_budget"
        ordering: ClassVar[list[str]] = ["name", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(limit__gte=0), name="headgate_budget_limit"),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class SubjectEpoch(models.Model):
    """How often one subject of a shared budget was reset, on top of the budget's own epoch."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="subject_epochs")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT)
    subject = models.TextField(help_text="As in the window: an external id, a key's id.")
    epoch = models.IntegerField()
    reset_at = models.DateTimeField()

    class Meta:
        """Table."""

        db_table = "headgate_budget_subject_epoch"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["budget", "organization", "subject"], name="headgate_subject_epoch_once")
        ]

    def __str__(self) -> str:
        """Return whose and how often."""
        return f"{self.subject}: {self.epoch}"


class Window(models.Model):
    """One period of one budget. `spent + leased <= hard + excess`, always: the database refuses anything else."""

    id = models.CharField(primary_key=True, max_length=400)
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, db_constraint=False, related_name="windows")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, db_constraint=False)
    scope = models.CharField(max_length=16)
    subject = models.CharField(max_length=300)
    label = models.CharField(max_length=16)
    epoch = models.IntegerField()
    unit = models.CharField(max_length=8)
    starts_at = models.BigIntegerField(help_text="Epoch seconds.")
    ends_at = models.BigIntegerField(null=True)
    limit_amount = models.BigIntegerField()
    hard_limit = models.BigIntegerField()
    limit_version = models.IntegerField()
    currency = models.CharField(max_length=3)
    usd_rate = models.CharField(max_length=40)
    spent = models.BigIntegerField(default=0)
    leased = models.BigIntegerField(default=0)
    excess = models.BigIntegerField(default=0)
    overrun = models.BigIntegerField(default=0, help_text="Of what is spent, how much no lease covered.")
    scarce = models.BooleanField(default=False)
    recall_gen = models.IntegerField(default=0)

    class Meta:
        """Table, made by hand."""

        managed = False
        db_table = "headgate_window"
        ordering: ClassVar[list[str]] = ["-starts_at", "id"]

    def __str__(self) -> str:
        """Return the id."""
        return self.id


class Lease(models.Model):
    """One worker's slice of one window."""

    pk = models.CompositePrimaryKey("window_id", "owner_id", "lease_class")
    window_id = models.CharField(max_length=400)
    owner_id = models.CharField(max_length=32)
    lease_class = models.CharField(max_length=8, choices=_choices(LeaseClass))
    remaining = models.BigIntegerField()

    class Meta:
        """Table, made by hand."""

        managed = False
        db_table = "headgate_lease"

    def __str__(self) -> str:
        """Return whose and how much."""
        return f"{self.owner_id} in {self.window_id}: {self.remaining}"


class Adjustment(models.Model):
    """A adjustment beside the cost events: a reset, a correction, a loss. Inserted once, never changed."""

    id = models.CharField(primary_key=True, max_length=100, help_text="Given by who asks: a second time does nothing.")
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="adjustments")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True)
    kind = models.CharField(max_length=16, help_text="reset, calendar, correction, power_loss or lost_journal")
    window_id = models.TextField(help_text="The window that it is about.")
    unit = models.CharField(max_length=8)
    amount = models.BigIntegerField(help_text="What it changes the spent figure by, in the window's unit.")
    reason = models.TextField()
    actor = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        """Table."""

        db_table = "headgate_adjustment"
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["budget", "created_at"], name="headgate_adjustment_budget")
        ]

    def __str__(self) -> str:
        """Return the kind and the window."""
        return f"{self.kind} of {self.window_id}"
