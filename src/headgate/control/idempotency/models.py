"""Idempotency keys. Written by the data plane (`infra/replays/`), past the ORM; deleted a day later."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class KeyState(models.TextChoices):
    """What became of the request that holds a key."""

    RUNNING = "running", "Running"
    ANSWERED = "answered", "Answered"
    NOT_KEPT = "not_kept", "Answered, but not kept"
    UNKNOWN = "unknown", "Outcome unknown"


class IdempotencyKey(models.Model):
    """One idempotency key of one virtual key; the row is gone when the key is free."""

    pk = models.CompositePrimaryKey("scope", "idempotency_key")
    scope = models.CharField(max_length=32, help_text="Virtual key.")
    idempotency_key = models.CharField(max_length=255)
    body_sha256 = models.CharField(max_length=64, help_text="Of method, path and body.")
    request_id = models.CharField(max_length=64)
    owner_id = models.CharField(max_length=32, help_text="The worker that serves the request.")
    state = models.CharField(max_length=8, choices=KeyState.choices)
    status = models.SmallIntegerField(null=True)
    headers = models.BinaryField(null=True)
    body = models.BinaryField(null=True)
    created_at = models.BigIntegerField(help_text="Epoch seconds.")
    expires_at = models.BigIntegerField(help_text="Epoch seconds.")

    class Meta:
        """Table."""

        db_table = "headgate_idempotency_key"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["expires_at"], name="headgate_idempotency_expiry"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in KeyState]), name="headgate_idempotency_state"
            ),
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(status__isnull=False, headers__isnull=False, body__isnull=False),
                name="headgate_idempotency_answer",
            ),
        ]

    def __str__(self) -> str:
        """Return whose key it is."""
        return f"{self.scope}: {self.idempotency_key}"
