import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from headgate.control import partitions
from headgate.control.ledger.models import CostEvent
from headgate.control.ledger.operations import post, register_owner
from headgate.control.partitions import drop_months, make_months_around, make_room, months_before
from headgate.domain.ids import OwnerId
from headgate.ledger.postings import OwnerPosting, cost_event, request_log
from tests.kit.books import logged, sent, settled

pytestmark = pytest.mark.django_db
OWNER = OwnerId("a" * 32)


def epoch(year: int, month: int, day: int) -> float:
    return dt.datetime(year, month, day, tzinfo=dt.UTC).timestamp()


def months(table: str = "headgate_cost_event") -> list[str]:
    """Months of a table that have partitions."""
    statement = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1"
    with connection.cursor() as cursor:
        cursor.execute(statement, [table])
        return [name.removeprefix(f"{table}_") for (name,) in cursor.fetchall()]


def assert_made(*expected: str) -> None:
    """Of the years that are expected, both tables have these months only; on SQLite there is nothing to have."""
    if connection.vendor == "sqlite":
        return
    years = {month[:4] for month in expected}
    for table in ("headgate_cost_event", "headgate_request_log"):
        assert list(expected) == [month for month in months(table) if month[:4] in years]


def post_at(*moments: float, begin: int = 0) -> None:
    register_owner(OWNER, "node", "boot")
    names = [f"aigw_{begin}_{number}" for number in range(len(moments))]
    events = [
        cost_event(sent(request_id=n, at=at), settled(request_id=n)) for n, at in zip(names, moments, strict=True)
    ]
    logs = [request_log(logged(request_id=n, at=at - 1)) for n, at in zip(names, moments, strict=True)]
    post(
        OwnerPosting(owner_id=OWNER, posted_from=begin, posted_to=begin + 1, low_watermark=0, events=events, logs=logs)
    )


def test_the_last_month_this_one_and_the_next_three_are_made_and_made_once():
    for _ in range(2):
        make_months_around(dt.date(2046, 11, 30))
        assert_made("2046_10", "2046_11", "2046_12", "2047_01", "2047_02")


def test_the_last_moment_of_a_month_and_the_first_of_the_next_have_months_of_their_own():
    make_room([epoch(2024, 3, 1) - 0.000_001, epoch(2024, 3, 1)])
    assert_made("2024_02", "2024_03")


def test_an_event_of_a_month_without_a_partition_is_posted_all_the_same():
    post_at(epoch(2019, 12, 31), epoch(2031, 1, 1), epoch(2020, 2, 29))
    assert [2019, 2020, 2031] == sorted(event.occurred_at.year for event in CostEvent.objects.all())


def test_on_the_edge_of_a_month_a_request_and_its_event_may_lie_on_either_side():
    post_at(epoch(2024, 3, 1))
    assert_made("2024_02", "2024_03")


def test_events_of_every_partition_never_change():
    post_at(epoch(2019, 12, 31), epoch(2031, 1, 1))
    partitioned = (
        [] if connection.vendor == "sqlite" else ["headgate_cost_event_2019_12", "headgate_cost_event_2031_01"]
    )
    for table in ["headgate_cost_event", *partitioned]:
        with pytest.raises(IntegrityError, match="immutable"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET amount_nano = 0")
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
        CostEvent.objects.update(occurred_at=dt.datetime(2031, 1, 2, tzinfo=dt.UTC))


def test_a_check_of_the_whole_table_holds_in_every_partition():
    post_at(epoch(2019, 12, 31))
    with pytest.raises(IntegrityError), transaction.atomic():
        CostEvent.objects.update(hold_nano=-1)


@pytest.mark.django_db(transaction=True)
def test_a_partition_that_somebody_dropped_is_made_again_at_the_second_try():
    if connection.vendor == "sqlite":
        return
    try:
        post_at(epoch(2019, 12, 31))
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE headgate_cost_event_2019_12")
        with pytest.raises(IntegrityError, match="no partition"):
            post_at(epoch(2019, 12, 31), begin=1)
        post_at(epoch(2019, 12, 31), begin=1)
        assert ["2019-12-31"] == [str(event.occurred_at.date()) for event in CostEvent.objects.all()]
    finally:
        partitions.forget()
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE headgate_cost_event_2019_12, headgate_request_log_2019_12")


def test_ids_are_compared_byte_by_byte():
    ids = ["aigw_1_a:1", "aigw_1_A:1", "aigw_1_a;", "aigw_10a:1", "aigw-1_a:1"]
    register_owner(OWNER, "node", "boot")
    events = [cost_event(sent(request_id=i.partition(":")[0]), settled(request_id=i.partition(":")[0])) for i in ids]
    post(OwnerPosting(owner_id=OWNER, posted_from=0, posted_to=1, low_watermark=0, events=events))
    expected = sorted(event.event_id for event in events)
    assert expected == list(CostEvent.objects.order_by("event_id").values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_months_that_are_over_go_as_tables():
    if connection.vendor == "sqlite":
        return
    table = "headgate_cost_event"
    try:
        post_at(epoch(2018, 11, 30), epoch(2018, 12, 31), epoch(2019, 1, 1))
        assert [] == [month for month in months_before(table, dt.date(2018, 11, 30)) if "2018" in month]
        over = [month for month in months_before(table, dt.date(2019, 1, 31)) if "2018" in month]
        assert [f"{table}_2018_11", f"{table}_2018_12"] == over
        drop_months(table, over)
        assert [2019] == [event.occurred_at.year for event in CostEvent.objects.all()]
        # What comes late has its month made again.
        post_at(epoch(2018, 12, 31), begin=1)
        assert 2 == CostEvent.objects.count()
    finally:
        partitions.forget()
        with connection.cursor() as cursor:
            for month in ("2018_11", "2018_12", "2019_01"):
                cursor.execute(f"DROP TABLE IF EXISTS headgate_cost_event_{month}, headgate_request_log_{month}")
