"""Writes: what the control plane publishes, in the transaction of the change that made it necessary.

A publication takes the head's lock first and reads the rows afterwards. Whoever waits for the lock therefore reads
what the one before him committed, and the snapshot of a later revision never lacks a change of an earlier one.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

from headgate.control.budgets.queries import keys_with_converted_budgets
from headgate.control.keys import queries as keys
from headgate.control.keys.models import VirtualKey
from headgate.control.publication.models import Publication, PublishedKey, Snapshot
from headgate.control.publication.queries import current_snapshot, is_stale
from headgate.snapshot import contract

KEPT_PUBLICATIONS = 10_000
"""A reader further behind than this finds a gap after its own revision, and starts over."""
KEPT_SNAPSHOTS = 3

_NEXT_REVISION = """
    INSERT INTO headgate_publication_head (id, revision) VALUES (1, 1)
    ON CONFLICT (id) DO UPDATE SET revision = headgate_publication_head.revision + 1
    RETURNING revision
"""
_LOCK_HEAD = """
    INSERT INTO headgate_publication_head (id, revision) VALUES (1, 0)
    ON CONFLICT (id) DO UPDATE SET revision = headgate_publication_head.revision
"""
_inside: ContextVar[bool] = ContextVar("publishing", default=False)


@contextmanager
def publishing() -> Iterator[None]:
    """A transaction that publishes one snapshot at its end, however many of them are nested in it."""
    with transaction.atomic():
        if _inside.get():
            yield
            return
        token = _inside.set(True)
        try:
            yield
        finally:
            _inside.reset(token)
        publish_snapshot()


@contextmanager
def lock_publication() -> Iterator[None]:
    """A transaction in which nobody else can publish, for what must happen once in an installation."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_HEAD)
        yield


def publish_snapshot(now: dt.datetime | None = None) -> int:
    """Publish organizations, deployments, price cards, budgets and so on as they are now; return the revision."""
    with transaction.atomic():
        revision = next_revision()
        Snapshot.objects.create(revision=revision, payload=contract.encode_snapshot(current_snapshot(now)))
        Snapshot.objects.filter(revision__lte=_oldest_but(KEPT_SNAPSHOTS)).delete()
        _announce(revision, key_hash=None)
    return revision


def republish_if_stale(now: dt.datetime) -> bool:
    """Publish when time alone has made the snapshot old: calendars near their end, another day's exchange rates.

    Costs a read when there is nothing to do; to be called every few minutes, on any node.

    Returns:
        Whether it was published.
    """
    if not _is_stale(now):
        return False
    with lock_publication():
        # Another node may have been faster.
        if stale := _is_stale(now):
            publish_snapshot(now)
            for key in keys_with_converted_budgets():
                publish_key(key)
        return stale


def _is_stale(now: dt.datetime) -> bool:
    newest = Snapshot.objects.order_by("-revision").first()
    if newest is None:
        return False
    try:
        known = contract.decode_snapshot(bytes(newest.payload))
    except contract.ContractMismatchError:
        return True
    return is_stale(known, now)


def publish_key(key: VirtualKey) -> int:
    """Publish one virtual key, or take a revoked one back; return the revision."""
    with transaction.atomic():
        revision = next_revision()
        if key.revoked_at is None:
            payload = contract.encode_key(keys.published(key))
            PublishedKey.objects.update_or_create(key_hash=key.sha256, defaults={"payload": payload})
        else:
            PublishedKey.objects.filter(key_hash=key.sha256).delete()
        _announce(revision, key_hash=key.sha256)
    return revision


def next_revision() -> int:
    """Take the next revision and the head's lock, which is held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_REVISION)
        return int(cursor.fetchone()[0])


def _announce(revision: int, *, key_hash: str | None) -> None:
    Publication.objects.create(revision=revision, key_hash=key_hash)
    Publication.objects.filter(revision__lte=revision - KEPT_PUBLICATIONS).delete()


def _oldest_but(kept: int) -> int:
    newest = Snapshot.objects.order_by("-revision").values_list("revision", flat=True)[kept : kept + 1]
    return next(iter(newest), 0)
