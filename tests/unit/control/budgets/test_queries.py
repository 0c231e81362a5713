import datetime as dt
from decimal import Decimal

import pytest

from headgate.control.budgets.models import Window
from headgate.control.budgets.operations import create_budget, retire
from headgate.control.budgets.queries import (
    budgets_of_key,
    current_windows,
    keys_with_converted_budgets,
    live_budgets,
    multiplier_of,
    published,
    published_budgets,
    published_calendars,
    unended_windows,
)
from headgate.control.currencies.operations import add_rate
from headgate.control.keys.operations import create_key
from headgate.control.publication.models import PublishedKey
from headgate.snapshot.contract import Budget, SubjectEpoch, decode_key
from tests.unit.control.budgets.conftest import NOW

pytestmark = pytest.mark.django_db


def make(**fields):
    return create_budget(**{"name": "b", "scope": "user", "period": "day", "limit": 10, "now": NOW, **fields})


def test_a_budget_is_published_whole(acme):
    row = make(
        organization=acme,
        subject="ada",
        time_zone="Asia/Tokyo",
        currency="GBP",
        limit=Decimal("0.4"),
        soft=True,
        clamp=True,
        top_up=True,
        shadow=True,
        policy_name="Production",
        source="policy",
    )
    expected = Budget(
        id=row.pk,
        organization_id=acme.pk,
        name="b",
        scope="user",
        subject="ada",
        period="day",
        calendar="day:Asia/Tokyo",
        unit="money",
        limit=500_000_000,
        hard=1_000_000_000,
        currency="GBP",
        usd_rate="1.25",
        clamp=True,
        top_up=True,
        policy="Production",
        shadow=True,
    )
    assert (expected,) == published_budgets(NOW)
    assert Decimal(2) == multiplier_of(row)


def test_the_resets_of_subjects_are_published_in_the_data_plane_s_names(acme):
    row = make()
    row.subject_epochs.create(organization=acme, subject="ada", epoch=2, reset_at=NOW)
    assert (SubjectEpoch(f"{acme.pk}/ada", 2),) == published(row, Decimal(1)).subject_epochs


def test_a_key_s_own_budget_is_not_in_the_snapshot_but_its_calendar_is(acme):
    key, _ = create_key(acme, "ci")
    own = make(scope="key", organization=acme, subject=key.pk, period="month")
    shared = make(scope="key")
    assert ([own.pk], [shared.pk]) == ([b.id for b in budgets_of_key(key)], [b.id for b in published_budgets(NOW)])
    assert ["day:UTC", "month:UTC"] == [calendar.id for calendar in published_calendars(NOW)]


def test_keys_with_limits_in_another_currency_follow_the_rates(acme):
    in_euro, in_dollars = (create_key(acme, name).key for name in ("a", "b"))
    make(scope="key", organization=acme, subject=in_euro.pk, currency="EUR", limit=1)
    make(scope="key", organization=acme, subject=in_dollars.pk)
    assert [in_euro] == list(keys_with_converted_budgets())
    add_rate("EUR", Decimal("1.2"), active_from=dt.date(2025, 6, 1), source="test")
    payload = PublishedKey.objects.get(key_hash=in_euro.sha256).payload
    assert [1_200_000_000] == [budget.limit for budget in decode_key(bytes(payload)).budgets]


def test_what_is_retired_is_not_published(acme):
    retire(make())
    assert ((), (), 0) == (published_budgets(NOW), published_calendars(NOW), live_budgets().count())


def test_a_window_is_current_from_its_first_instant_to_its_last():
    budget = make(scope="system")
    start = NOW.replace(hour=0, minute=0)
    moments = [
        start - dt.timedelta(seconds=1),
        start,
        start + dt.timedelta(seconds=86_399),
        start + dt.timedelta(days=1),
    ]
    assert [0, 1, 1, 0] == [current_windows(at).count() for at in moments]
    assert [1, 1, 1, 0] == [unended_windows(budget, at).count() for at in moments]


def test_the_snapshot_costs_a_fixed_number_of_queries(acme, django_assert_num_queries):
    for number in range(10):
        make(name=str(number))
    with django_assert_num_queries(3):
        assert 10 == len(published_budgets(NOW))
    assert 0 == Window.objects.count()
