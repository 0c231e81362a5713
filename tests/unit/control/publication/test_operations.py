import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from headgate.control.keys.operations import create_key, revoke_key
from headgate.control.organizations.models import Organization
from headgate.control.organizations.operations import create_organization, save_organization
from headgate.control.publication import operations
from headgate.control.publication.models import Publication, PublicationHead, PublishedKey, Snapshot
from headgate.snapshot.contract import decode_snapshot


def fail_after(change: Callable[[], object]) -> None:
    change()
    raise ZeroDivisionError


def names() -> list[str]:
    snapshot = decode_snapshot(bytes(Snapshot.objects.latest("revision").payload))
    return sorted(organization.name for organization in snapshot.organizations)


@pytest.mark.django_db
def test_every_change_takes_the_next_revision_and_is_announced(acme):
    assert 1 == operations.publish_snapshot()
    key, _ = create_key(acme, "ci")
    revoke_key(key)
    operations.publish_snapshot()
    assert [(1, None), (2, key.sha256), (3, key.sha256), (4, None)] == list(
        Publication.objects.order_by("revision").values_list("revision", "key_hash")
    )
    assert 4 == PublicationHead.objects.get().revision


@pytest.mark.django_db
def test_many_changes_in_one_transaction_are_one_publication():
    with operations.publishing():
        create_organization("A")
        create_organization("B")
        assert 0 == Snapshot.objects.count()
    assert (["A", "B"], 1) == (names(), Snapshot.objects.count())


@pytest.mark.django_db
def test_a_change_that_fails_publishes_nothing_and_the_next_one_does():
    with pytest.raises(ZeroDivisionError), operations.publishing():
        fail_after(lambda: create_organization("A"))
    assert (0, 0) == (Snapshot.objects.count(), Organization.objects.count())
    create_organization("B")
    assert ["B"] == names()


@pytest.mark.django_db
def test_a_publication_is_undone_with_its_transaction(acme):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        fail_after(lambda: create_key(acme, "ci"))
    assert (0, 0) == (Publication.objects.count(), PublishedKey.objects.count())


@pytest.mark.django_db
def test_old_snapshots_and_publications_go(monkeypatch):
    monkeypatch.setattr(operations, "KEPT_PUBLICATIONS", 5)
    for _ in range(12):
        operations.publish_snapshot()
    assert [12, 11, 10] == list(Snapshot.objects.order_by("-revision").values_list("revision", flat=True))
    assert [8, 9, 10, 11, 12] == list(Publication.objects.order_by("revision").values_list("revision", flat=True))


@pytest.mark.django_db
def test_the_lock_takes_no_revision():
    with operations.lock_publication():
        pass
    assert 1 == operations.next_revision()


@pytest.mark.django_db(transaction=True)
def test_of_changes_at_the_same_moment_the_last_revision_has_all():
    together = threading.Barrier(4)

    def run(number: int) -> None:
        try:
            for step in range(5):
                together.wait(timeout=20)
                save_organization(Organization(name=f"{number}-{step}"))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(run, range(4)))
    assert sorted(f"{number}-{step}" for number in range(4) for step in range(5)) == names()
    assert list(range(1, 21)) == list(Publication.objects.order_by("revision").values_list("revision", flat=True))
