import pytest
from django.core.exceptions import ValidationError

from headgate.control.publication.models import Snapshot
from headgate.control.ratelimits.models import RateLimit
from headgate.control.ratelimits.operations import delete_rate_limits, save_rate_limit
from headgate.snapshot import contract
from headgate.snapshot.contract import decode_snapshot

pytestmark = pytest.mark.django_db


def published() -> tuple[contract.RateLimit, ...]:
    return decode_snapshot(bytes(Snapshot.objects.latest("revision").payload)).rate_limits


def test_a_rate_limit_is_written_and_published_at_once(acme):
    row = RateLimit(organization=acme, name="L", scope="user", subject="ann", tokens_per_minute=5_000, concurrency=2)
    save_rate_limit(row)
    expected = contract.RateLimit(
        id=row.pk, organization_id=acme.pk, scope="user", subject="ann", tokens_per_minute=5_000, concurrency=2
    )
    assert ((expected,), 1) == (published(), Snapshot.objects.count())


def test_a_changed_limit_keeps_its_counters():
    row = RateLimit(name="L", scope="key", requests_per_minute=10)
    save_rate_limit(row)
    before = published()
    row.requests_per_minute = 20
    save_rate_limit(row)
    assert [(before[0].id, None, 20)] == [(one.id, one.subject, one.requests_per_minute) for one in published()]


def test_what_limits_nothing_is_neither_written_nor_published():
    with pytest.raises(ValidationError):
        save_rate_limit(RateLimit(name="L", scope="key"))
    assert (0, 0) == (RateLimit.objects.count(), Snapshot.objects.count())


def test_deleted_limits_are_taken_back_at_once():
    for name in ("a", "b", "c"):
        save_rate_limit(RateLimit(name=name, scope="key", requests_per_minute=10))
    revisions = Snapshot.objects.latest("revision").revision
    delete_rate_limits(RateLimit.objects.filter(name__in=["a", "b"]))
    assert 1 == len(published())
    assert revisions + 1 == Snapshot.objects.latest("revision").revision
