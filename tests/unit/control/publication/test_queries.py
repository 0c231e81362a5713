import datetime as dt

import pytest

from headgate.control.budgets.operations import create_budget
from headgate.control.publication.queries import current_snapshot, is_stale
from headgate.snapshot.contract import Organization, decode_snapshot, encode_snapshot

pytestmark = pytest.mark.django_db


def test_the_snapshot_says_everything_about_an_organization(acme):
    acme.enabled, acme.shared_deployments, acme.unpriced_allowed, acme.capture_content = False, False, True, True
    acme.open_model, acme.critical_tasks = "llama-open", ["billing"]
    acme.task_timeouts_ms = {"billing": 900}
    acme.save()
    snapshot = current_snapshot()
    expected = Organization(
        id=acme.pk,
        name="Acme",
        enabled=False,
        shared_deployments=False,
        unpriced_allowed=True,
        capture_content=True,
        open_model="llama-open",
        critical_tasks=("billing",),
        task_timeouts_ms={"billing": 900},
    )
    assert (expected,) == snapshot.organizations
    assert snapshot == decode_snapshot(encode_snapshot(snapshot))


def test_the_snapshot_has_budgets_with_their_calendars_and_the_rates_of_the_day(acme):
    create_budget(name="b", scope="organization", organization=acme, period="month", time_zone="Asia/Tokyo", limit=1)
    now = dt.datetime(2026, 11, 20, 19, 0, tzinfo=dt.UTC)
    snapshot = current_snapshot(now)
    assert ["month:Asia/Tokyo"] == [calendar.id for calendar in snapshot.calendars]
    assert [("organization", acme.pk, None)] == [(b.scope, b.organization_id, b.subject) for b in snapshot.budgets]
    assert "1.04" == {rate.currency: rate.usd_rate for rate in snapshot.exchange_rates}["EUR"]
    assert not is_stale(snapshot, now + dt.timedelta(days=30))
    assert is_stale(snapshot, now + dt.timedelta(days=300))


def test_the_tables_are_named_as_the_contract_names_them(db):
    from django.db import connection

    assert {
        "headgate_publication",
        "headgate_snapshot",
        "headgate_published_key",
        "headgate_publication_head",
    } <= set(connection.introspection.table_names())
