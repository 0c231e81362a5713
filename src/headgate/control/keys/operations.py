"""Writes: create, change and revoke virtual keys. Each is published in the same transaction."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from headgate.control.keys.models import VirtualKey
from headgate.control.organizations.models import Organization
from headgate.control.publication.operations import publish_key

KEY_START = "sk-hg-"
SHORTEST_KEY = 24
_VISIBLE = 12


class NewKey(NamedTuple):
    """A key at the only moment at which it can be read."""

    key: VirtualKey
    plain: str


def new_plain_key() -> str:
    """Return `sk-hg-` and 32 random bytes as base64url without padding."""
    return KEY_START + secrets.token_urlsafe(32)


def hash_key(plain: str) -> str:
    """Return the SHA-256 of the key's UTF-8 bytes in hexadecimal, the name under which it is stored and published."""
    return hashlib.sha256(plain.encode()).hexdigest()


def create_key(
    organization: Organization,
    name: str,
    *,
    plain: str | None = None,
    expires_at: dt.datetime | None = None,
    allowed_models: Iterable[str] = (),
    scopes: Iterable[str] = (),
    defaults: dict[str, Any] | None = None,
    locked: Iterable[str] = (),
) -> NewKey:
    """Create and publish a key. `plain` is for a key that was fixed beforehand; without it one is drawn.

    Raises:
        ValueError: a given key is too short or holds white space.
    """
    key = VirtualKey(
        organization=organization,
        name=name,
        expires_at=expires_at,
        allowed_models=list(allowed_models),
        scopes=list(scopes),
        defaults=defaults or {},
        locked=list(locked),
    )
    return NewKey(key, issue_key(key, plain=plain))


def issue_key(key: VirtualKey, *, plain: str | None = None) -> str:
    """Give an unsaved row its secret, save and publish it, and return the secret.

    Raises:
        ValueError: a given key is too short or holds white space.
    """
    issued = new_plain_key() if plain is None else plain
    if len(issued) < SHORTEST_KEY or issued.split() != [issued]:
        message = f"a virtual key has at least {SHORTEST_KEY} characters and no white space"
        raise ValueError(message)
    key.prefix = issued[:_VISIBLE]
    key.sha256 = hash_key(issued)
    with transaction.atomic():
        key.save(force_insert=True)
        publish_key(key)
    return issued


def save_key(key: VirtualKey) -> None:
    """Write a changed key and publish it."""
    with transaction.atomic():
        key.save()
        publish_key(key)


def revoke_key(key: VirtualKey) -> VirtualKey:
    """Revoke the key for good; a second time changes nothing."""
    with transaction.atomic():
        current = VirtualKey.objects.select_for_update().get(pk=key.pk)
        if current.revoked_at is None:
            current.revoked_at = timezone.now()
            current.save(update_fields=["revoked_at"])
            publish_key(current)
    return current


def revoke_key_named(id_or_prefix: str) -> VirtualKey:
    """Revoke the one key that has this id, or whose visible prefix is this.

    Raises:
        VirtualKey.DoesNotExist: no such key.
        VirtualKey.MultipleObjectsReturned: several keys have this prefix.
    """
    by_id = VirtualKey.objects.filter(pk=id_or_prefix).first()
    return revoke_key(by_id or VirtualKey.objects.get(prefix=id_or_prefix[:_VISIBLE]))
