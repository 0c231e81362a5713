"""Deployments and provider credentials."""

from typing import ClassVar
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from headgate.control.identifiers import new_id
from headgate.control.organizations.models import LONGEST_TIMEOUT_MS, Organization

MOST_WEIGHT = 1_000_000


def validate_address(address: str) -> None:
    """Accept an http(s) address, also of a host without a dot, as they occur in private networks.

    Raises:
        ValidationError: anything else, and user names, queries and fragments, which have no place in it.
    """
    try:
        parts = urlsplit(address)
        whole = parts.hostname is not None and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise ValidationError(f"This is no address: {error}.") from error
    if parts.scheme not in {"http", "https"} or not whole or any(character.isspace() for character in address):
        raise ValidationError("Write the address as http://host or https://host.")
    if parts.username or parts.query or parts.fragment:
        raise ValidationError("An address has no user name, query or fragment.")


class ProviderCredential(models.Model):
    """A secret that we show upstream, encrypted. Written through forms, never read back."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, help_text="Empty: for shared deployments."
    )
    name = models.CharField(max_length=200)
    provider = models.CharField(max_length=64, help_text="The operator that it is shown to, and no other.")
    encrypted = models.BinaryField(editable=False)
    hint = models.CharField(max_length=8, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    rotated_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        """Table."""

        db_table = "headgate_provider_credential"
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        """Return the name and the last characters."""
        return f"{self.name} ({self.provider}, …{self.hint})"


class Deployment(models.Model):
    """One callable target: provider, model, credential, address."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, help_text="Empty: shared."
    )
    name = models.CharField(max_length=200, help_text="Public model name, or * for every model of the provider.")
    provider = models.CharField(max_length=64, help_text="Operator name, for example openai or anthropic.")
    model = models.CharField(
        max_length=200, blank=True, help_text="Model name sent upstream. Empty: the name that the caller used."
    )
    base_url = models.CharField(
        max_length=500, blank=True, validators=[validate_address], help_text="Empty: the provider's own."
    )
    credential = models.ForeignKey(
        ProviderCredential, on_delete=models.PROTECT, null=True, blank=True, help_text="Empty: the environment's."
    )
    priority = models.IntegerField(default=0, help_text="Higher first, among deployments that serve the same name.")
    weight = models.PositiveIntegerField(
        default=1,
        db_default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_WEIGHT)],
        help_text="Share of the requests, beside deployments of the same name and priority.",
    )
    format = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="The one wire format that is spoken here. Empty: any that the provider speaks.",
    )
    api_version = models.CharField(
        "API version",
        max_length=40,
        blank=True,
        default="",
        db_default="",
        validators=[RegexValidator(r"^[0-9A-Za-z.-]+$", "Write it like 2024-10-21 or 2025-04-01-preview.")],
        help_text="Azure: calls the classic addresses (/openai/deployments/...). Empty: those under /openai/v1.",
    )
    timeout_ms = models.PositiveIntegerField(
        "time limit (ms)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TIMEOUT_MS)],
        help_text="For one attempt, until its answer begins (streamed) or is whole. Empty: the installation's.",
    )
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Table."""

        db_table = "headgate_deployment"
        ordering: ClassVar[list[str]] = ["name", "-priority"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(weight__range=(1, MOST_WEIGHT)), name="headgate_deployment_weight"),
        ]

    def __str__(self) -> str:
        """Return the public name and the provider."""
        return f"{self.name} @ {self.provider}"
