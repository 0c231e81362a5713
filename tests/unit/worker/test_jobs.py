import datetime as dt
import threading

import pytest
from django.db import connection
from structlog.testing import capture_logs

from headgate.control import partitions
from headgate.control.budgets.operations import create_budget
from headgate.control.ledger.models import CostEvent
from headgate.control.ledger.operations import post, register_owner
from headgate.control.publication.models import Snapshot
from headgate.control.requestlog.models import Content
from headgate.control.rollups.models import Check, TrafficHour
from headgate.domain.ids import OwnerId
from headgate.infra import clock
from headgate.ledger.postings import OwnerPosting, cost_event
from headgate.worker.jobs import (
    CHECKED_DAYS,
    DAY_S,
    RETRY_S,
    Job,
    Rounds,
    check_rollups,
    delete_old_texts,
    make_partitions,
    remove_old_rows,
    republish,
)
from tests.kit.books import NOON, sent, settled

pytestmark = pytest.mark.django_db


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Monotonic time, to be moved by hand."""
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    return now


def test_a_job_runs_at_once_and_then_in_its_rhythm(time: list[float]):
    runs: list[float] = []
    rounds = Rounds([Job("a", 10, lambda _: runs.append(time[0]))])
    for _ in range(31):
        rounds.step()
        time[0] += 1
    assert [1000, 1010, 1020, 1030] == runs


def test_it_says_how_long_nothing_is_due(time: list[float]):
    rounds = Rounds([Job("a", 10, lambda _: None), Job("b", 4, lambda _: None)])
    assert 4 == rounds.step()
    time[0] += 4
    assert 4 == rounds.step()
    time[0] += 4
    assert 2 == rounds.step()
    assert DAY_S == Rounds([]).step()


def test_a_job_that_fails_is_tried_again_soon_and_stops_no_other(time: list[float]):
    runs: list[str] = []

    def fail(_: float) -> None:
        runs.append("a")
        raise OSError("no")

    rounds = Rounds([Job("a", DAY_S, fail), Job("b", DAY_S, lambda _: runs.append("b"))])
    with capture_logs() as lines:
        assert RETRY_S == rounds.step()
        time[0] += RETRY_S
        rounds.step()
    assert ["a", "b", "a"] == runs
    assert [("job_failed", "a")] * 2 == [(line["event"], line["job"]) for line in lines]


def test_it_is_given_the_time_and_ends_when_told_to(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clock, "now", lambda: 7.5)
    given: list[float] = []
    stop = threading.Event()
    thread = threading.Thread(
        target=Rounds([Job("a", DAY_S, lambda now: (given.append(now), stop.set()))]).run, args=(stop,)
    )
    thread.start()
    thread.join(20)
    assert (False, [7.5]) == (thread.is_alive(), given)


def test_the_months_ahead_have_partitions_on_postgres():
    make_partitions(1_767_268_800.0)
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT to_regclass('headgate_cost_event_2026_04'), to_regclass('headgate_cost_event_2026_05')"
            )
            assert ("headgate_cost_event_2026_04", None) == cursor.fetchone()


def test_a_snapshot_that_time_has_made_old_is_published_anew():
    create_budget(name="b", scope="system", period="day", limit=1)
    before = Snapshot.objects.latest("revision").revision
    republish(clock.now())
    assert before == Snapshot.objects.latest("revision").revision
    republish(clock.now() + 50 * DAY_S)
    assert before + 1 == Snapshot.objects.latest("revision").revision


def test_roll_ups_that_are_not_the_sums_of_the_books_ring_the_alarm_and_are_kept():
    register_owner(OwnerId("a" * 32), "node", "boot")
    event = cost_event(sent(), settled())
    post(OwnerPosting(owner_id=OwnerId("a" * 32), posted_from=0, posted_to=1, low_watermark=0, events=(event,)))
    with capture_logs() as lines:
        check_rollups(NOON)
        TrafficHour.objects.update(attempts=2)
        check_rollups(NOON + DAY_S)
        # Too long ago to be looked at again.
        check_rollups(NOON + CHECKED_DAYS * DAY_S)
    assert ["rollups_differ"] == [line["event"] for line in lines]
    assert [0, 1, 0] == [len(check.differences) for check in Check.objects.order_by("since")]


@pytest.fixture
def old_books(settings):
    """One event of January."""
    settings.RETENTION_DAYS = 40
    register_owner(OwnerId("a" * 32), "node", "boot")
    event = cost_event(sent(), settled())
    post(OwnerPosting(owner_id=OwnerId("a" * 32), posted_from=0, posted_to=1, low_watermark=0, events=(event,)))


def test_old_rows_are_kept_for_ever_unless_somebody_says_for_how_long(old_books, settings):
    settings.RETENTION_DAYS = None
    remove_old_rows(NOON + 365 * DAY_S)
    assert 1 == CostEvent.objects.count()


def test_old_rows_that_the_roll_ups_lack_ring_the_alarm_and_stay(old_books):
    TrafficHour.objects.update(attempts=0)
    with capture_logs() as lines:
        remove_old_rows(NOON + 365 * DAY_S)
    assert [("old_rows_kept", "traffic_hour")] == [(line["event"], line["rollups_lack"][0]["table"]) for line in lines]
    assert 1 == CostEvent.objects.count()


@pytest.mark.django_db(transaction=True)
def test_old_rows_go_and_it_is_said(old_books):
    try:
        with capture_logs() as lines:
            remove_old_rows(NOON + 365 * DAY_S)
    finally:
        partitions.forget()
    assert [("old_rows_removed", 1, 0)] == [(line["event"], line["cost_events"], line["requests"]) for line in lines]
    assert 0 == CostEvent.objects.count()


def test_texts_go_when_their_days_are_over(settings):
    for day in (0, 29, 31):
        Content.objects.create(
            id=f"{day}",
            request_id=f"{day}",
            organization_id="0" * 32,
            occurred_at=dt.datetime.fromtimestamp(NOON - day * DAY_S, dt.UTC),
            side="request",
            number=0,
            text="x",
        )
    settings.CAPTURE_DAYS = 30
    delete_old_texts(NOON)
    assert {"0", "29"} == set(Content.objects.values_list("pk", flat=True))
