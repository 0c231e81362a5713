"""Writes: entries of the audit trail, in the transaction of what they tell of."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from django.db import models, transaction
from django.utils import timezone

from headgate.control.audit.models import AuditEntry, AuditHead
from headgate.control.organizations.models import Organization, User

BEGINNING: Final = "0" * 64
"""What the first entry has in place of a hash before it."""
_SECRETS: Final = ("secret", "password", "token", "plain", "encrypted", "credential_text", "sha256")
_LONGEST: Final = 500
_encode = msgspec.json.Encoder(order="deterministic").encode


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 of an entry's facts, the hash of the one before among them, as JSON."""
    return hashlib.sha256(_encode(entry.facts())).hexdigest()


def record(
    actor: User | str,
    action: str,
    kind: str,
    *,
    object_id: str = "",
    label: str = "",
    organization_id: str | None = None,
    details: Any = None,
) -> AuditEntry:
    """Add an entry.

    Args:
        actor: who did it: a user, or who typed a command.
        action: `added`, `changed`, `deleted`, or a command's own word.
        kind: of the object.
        object_id: of the object.
        label: what it was called.
        organization_id: whose it is; None: the installation's.
        details: anything that JSON can hold, without secrets (`without_secrets`).
    """
    with transaction.atomic():
        AuditHead.objects.get_or_create(pk=1)
        head = AuditHead.objects.select_for_update().get(pk=1)
        entry = AuditEntry(
            number=head.number + 1,
            at=timezone.now(),
            actor=(actor if isinstance(actor, str) else actor.username)[:200],
            actor_id="" if isinstance(actor, str) else actor.pk,
            organization_id=organization_id,
            action=action[:40],
            kind=kind[:60],
            object_id=object_id[:200],
            label=label[:300],
            details=_encode(details).decode(),
            previous_sha256=head.sha256 or BEGINNING,
        )
        entry.sha256 = hash_of(entry)
        entry.save(force_insert=True)
        AuditHead.objects.filter(pk=1).update(number=entry.number, sha256=entry.sha256)
    return entry


def record_about(actor: User | str, action: str, row: models.Model, details: Any = None) -> AuditEntry:
    """Add an entry about a row."""
    owner = row.pk if isinstance(row, Organization) else getattr(row, "organization_id", None)
    return record(
        actor,
        action,
        str(row._meta.verbose_name),
        object_id=str(row.pk),
        label=str(row),
        organization_id=owner,
        details=details,
    )


def without_secrets(values: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Values that may be kept: what sounds like a secret is named, and its value left out."""
    return {
        name: "(not kept)" if any(word in name for word in _SECRETS) else str(value)[:_LONGEST]
        for name, value in values
    }


class Finding(msgspec.Struct, frozen=True):
    """Where the chain does not hold."""

    number: int
    problem: str


def verify() -> tuple[AuditHead, list[Finding]]:
    """Walk the whole chain; returns its end and what is wrong with it, the first break first."""
    head = AuditHead.objects.filter(pk=1).first() or AuditHead()
    return head, list(_findings(head))


def _findings(head: AuditHead) -> Iterator[Finding]:
    expected, previous = 1, BEGINNING
    for entry in AuditEntry.objects.order_by("number").iterator(chunk_size=1_000):
        if entry.number != expected:
            yield Finding(expected, f"missing up to {entry.number - 1}")
        elif entry.previous_sha256 != previous:
            yield Finding(entry.number, "does not follow the entry before")
        if entry.sha256 != hash_of(entry):
            yield Finding(entry.number, "was changed")
        expected, previous = entry.number + 1, entry.sha256
    if (head.number, head.sha256 or BEGINNING) != (expected - 1, previous):
        yield Finding(head.number, "the end of the chain is not where it was")
