"""Virtual keys."""

from typing import Any, ClassVar

from django.db import models

from headgate.control.identifiers import new_id
from headgate.control.organizations.models import Organization, User


class VirtualKey(models.Model):
    """A credential of a client. The key itself is not here: only its SHA-256 and its first characters are."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="virtual_keys")
    name = models.CharField(max_length=200)
    prefix = models.CharField(max_length=16, editable=False)
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="UTC. Empty: never.")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    allowed_models: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list, blank=True)
    scopes: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list, blank=True)
    defaults: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict, blank=True)
    locked: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list, blank=True)

    class Meta:
        """Table; newest first."""

        db_table = "headgate_virtual_key"
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        """Return the name and the visible prefix."""
        return f"{self.name} ({self.prefix}…)"


class SessionKey(models.Model):
    """The virtual key behind what a person asks from pages: one in each organization, whose secret nobody has."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="session_keys")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    key = models.OneToOneField(VirtualKey, on_delete=models.PROTECT, related_name="session_key")

    class Meta:
        """Table; one per person and organization."""

        db_table = "headgate_session_key"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "organization"], name="headgate_session_key_once")
        ]

    def __str__(self) -> str:
        """Return whose it is, and where."""
        return f"{self.user} at {self.organization}"
