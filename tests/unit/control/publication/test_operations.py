import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from headgate.control.budgets.operations import create_budget
from headgate.control.currencies.operations import add_rate
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


@pytest.mark.django_db
def test_time_alone_makes_a_snapshot_stale():
    now = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    assert not operations.republish_if_stale(now)
    create_budget(name="b", scope="user", period="day", limit=1)
    published = Snapshot.objects.latest("revision")
    edges = decode_snapshot(bytes(published.payload)).calendars[0].edges
    soon, late = (dt.datetime.fromtimestamp(edge.starts_at, tz=dt.UTC) for edge in (edges[10], edges[-20]))
    assert [False, True, False] == [operations.republish_if_stale(at) for at in (soon, late, late)]
    renewed = decode_snapshot(bytes(Snapshot.objects.latest("revision").payload)).calendars[0].edges
    assert renewed[0].starts_at < late.timestamp() < edges[-1].starts_at < renewed[-1].starts_at


@pytest.mark.django_db
def test_an_exchange_rate_of_tomorrow_is_published_tomorrow():
    today = timezone.now()
    tomorrow = today + dt.timedelta(days=1)
    add_rate("EUR", Decimal("1.5"), active_from=tomorrow.date(), source="test")
    assert not operations.republish_if_stale(today)
    assert operations.republish_if_stale(tomorrow)


@pytest.mark.django_db
def test_a_snapshot_of_another_contract_is_stale():
    operations.publish_snapshot()
    Snapshot.objects.update(payload=b"?")
    assert operations.republish_if_stale(timezone.now())


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
