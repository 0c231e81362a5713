"""The audit trail: a chain of entries, and where it ends."""

from typing import Any, ClassVar

from django.db import models

from headgate.control.organizations.models import Organization


class AuditEntry(models.Model):
    """One thing that somebody did. The database refuses to change it; the chain tells of what is gone."""

    number = models.BigIntegerField(primary_key=True, editable=False)
    """From 1, without gaps."""
    at = models.DateTimeField(editable=False)
    actor = models.CharField(max_length=200, editable=False, help_text="User name, or who typed a command.")
    actor_id = models.CharField(max_length=32, blank=True, editable=False, help_text="Of the user; a name can change.")
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    action = models.CharField(max_length=40, editable=False)
    kind = models.CharField(max_length=60, editable=False, help_text="What it was done to, for example virtual key.")
    object_id = models.CharField(max_length=200, editable=False)
    label = models.CharField(max_length=300, editable=False, help_text="As it was called then.")
    details: "models.TextField[str, str]" = models.TextField(
        editable=False, help_text="JSON: what was changed. Kept as text: the hash is over these very letters."
    )
    previous_sha256 = models.CharField(max_length=64, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)

    class Meta:
        """Table; newest first."""

        db_table = "headgate_audit_entry"
        ordering: ClassVar[list[str]] = ["-number"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        """Return the number and the action."""
        return f"{self.number}: {self.action} {self.kind}"

    def facts(self) -> list[Any]:
        """What the hash is over, in this order."""
        return [
            self.number,
            self.at.isoformat(),
            self.actor,
            self.actor_id,
            self.organization_id,
            self.action,
            self.kind,
            self.object_id,
            self.label,
            self.details,
            self.previous_sha256,
        ]


class AuditHead(models.Model):
    """Where the chain ends: one row, locked by whoever adds to it. An end that was cut off is noticed by it."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    number = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, default="")

    class Meta:
        """Table."""

        db_table = "headgate_audit_head"

    def __str__(self) -> str:
        """Return the last number."""
        return f"audit head {self.number}"
