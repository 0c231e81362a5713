import pytest

from headgate.control.publication.queries import current_snapshot
from headgate.control.ratelimits.models import RateLimit
from headgate.control.ratelimits.queries import published_rate_limits
from headgate.snapshot.contract import decode_snapshot, encode_snapshot

pytestmark = pytest.mark.django_db


def test_limits_are_published_in_a_stable_order(acme):
    for number in range(5):
        RateLimit.objects.create(organization=acme, name=str(9 - number), scope="user", requests_per_minute=1)
    published = published_rate_limits()
    assert sorted(one.id for one in published) == [one.id for one in published]
    assert published == decode_snapshot(encode_snapshot(current_snapshot())).rate_limits


def test_an_empty_subject_means_each():
    RateLimit.objects.create(name="L", scope="model", concurrency=3)
    (only,) = published_rate_limits()
    assert (None, None, "model", None, 3) == (
        only.organization_id,
        only.subject,
        only.scope,
        only.requests_per_minute,
        only.concurrency,
    )
