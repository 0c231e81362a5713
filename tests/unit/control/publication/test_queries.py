import pytest

from headgate.control.publication.queries import current_snapshot
from headgate.snapshot.contract import Organization, decode_snapshot, encode_snapshot

pytestmark = pytest.mark.django_db


def test_the_snapshot_says_everything_about_an_organization(acme):
    acme.enabled, acme.shared_deployments, acme.unpriced_allowed, acme.capture_content = False, False, True, True
    acme.save()
    snapshot = current_snapshot()
    expected = Organization(
        id=acme.pk, name="Acme", enabled=False, shared_deployments=False, unpriced_allowed=True, capture_content=True
    )
    assert (expected,) == snapshot.organizations
    assert snapshot == decode_snapshot(encode_snapshot(snapshot))


def test_the_tables_are_named_as_the_contract_names_them(db):
    from django.db import connection

    assert {
        "headgate_publication",
        "headgate_snapshot",
        "headgate_published_key",
        "headgate_publication_head",
    } <= set(connection.introspection.table_names())
