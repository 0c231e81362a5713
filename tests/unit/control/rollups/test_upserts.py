import datetime as dt
import uuid

import pytest
from django.db import connection, transaction

from headgate.control.rollups.models import UserHour, UserLatency
from headgate.control.rollups.upserts import adapted, id_bounds, period_column, period_of, raise_rows, table_of
from headgate.ledger.rollups import TABLES, USER_HOUR, USER_LATENCY, Row, row_id

pytestmark = pytest.mark.django_db


def rows(count: int, by: int) -> list[Row]:
    return [Row(uuid.UUID(int=number), 20_454, ("org", f"u{number}", 1), [by]) for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 64 + 16 + 4 + 1 + 1])
def test_rows_are_inserted_and_then_raised_whatever_their_number(count: int):
    with transaction.atomic():
        raise_rows(USER_LATENCY, rows(count, 2))
        raise_rows(USER_LATENCY, rows(count, 5))
    assert [7] * count == list(UserLatency.objects.values_list("requests", flat=True))
    assert {dt.date(2026, 1, 1)} >= set(UserLatency.objects.values_list("day", flat=True))


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_there_with_all_its_columns(table):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {period_column(table)}, {', '.join((*table.groups, *table.sums))} FROM {table_of(table)}"
        )


def test_periods_have_numbers():
    assert dt.date(2026, 1, 1) == period_of(20_454, daily=True)
    assert dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC) == period_of(490_908, daily=False)


def test_bounds_are_compared_as_they_are_stored():
    hour = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    UserHour.objects.create(id=uuid.uuid4(), hour=hour, organization_id="org", end_user="u")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM headgate_rollup_user_hour WHERE hour = %s", [adapted(hour)])
        assert (1,) == cursor.fetchone()
    assert "2026-01-01" == str(adapted(hour.date()))


def test_ids_of_a_span_of_days_are_those_of_its_hours_and_days():
    for table, hour in ((USER_HOUR, 24 * 20_454 + 23), (USER_LATENCY, 20_454)):
        with transaction.atomic(), connection.cursor() as cursor:
            columns = ("org", "u", 1) if table is USER_LATENCY else ("org", "u")
            raise_rows(table, [Row(row_id(hour, columns), hour, columns, [1] * len(table.sums))])
            for day, expected in ((dt.date(2025, 12, 31), 0), (dt.date(2026, 1, 1), 1), (dt.date(2026, 1, 2), 0)):
                bounds = id_bounds(table, day, day + dt.timedelta(days=1))
                cursor.execute(f"SELECT count(*) FROM {table_of(table)} WHERE id >= %s AND id < %s", bounds)
                assert (expected,) == cursor.fetchone()
