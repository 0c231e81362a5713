import datetime as dt
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from headgate.control.ledger.models import CostEvent
from headgate.control.ledger.operations import post, register_owner
from headgate.control.requestlog.models import RequestLog
from headgate.control.rollups.models import CalledDay, Removal, SpendDay, TrafficDay, UserDay
from headgate.control.rollups.rebuild import build_missing, rebuild
from headgate.control.rollups.verification import verify
from headgate.domain.ids import OwnerId
from tests.kit.rollups import posting_of, random_request, rolled_up

OWNER = OwnerId("a" * 32)


def post_requests(chance: random.Random, count: int, *, steps: int = 1) -> None:
    register_owner(OWNER, "node", "boot")
    requests = [random_request(chance, number) for number in range(count)]
    for step in range(steps):
        post(posting_of(requests[step::steps], OWNER, step, step + 1))


class TestRollUps(TestCase):
    @settings(max_examples=15, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 4))
    def test_are_the_sums_of_the_books_however_they_were_posted_and_the_same_when_they_are_made_anew(
        self, seed: int, count: int, steps: int
    ):
        chance = random.Random(seed)
        register_owner(OWNER, "node", "boot")
        requests = [random_request(chance, number) for number in range(count)]
        for step in range(steps):
            # Some of them a second time.
            again = chance.sample(requests, chance.randrange(len(requests)))
            post(posting_of(requests[step::steps] + again, OWNER, step, step + 1))
        assert CostEvent.objects.count() + RequestLog.objects.count() >= count
        verdict = verify()
        assert verdict is not None
        assert [] == verdict.differences
        before = rolled_up()
        assert rebuild() > 0
        assert before == rolled_up()


@pytest.mark.django_db
def test_what_was_changed_by_hand_is_as_the_books_have_it():
    post_requests(random.Random(1), 50)
    right = rolled_up()
    TrafficDay.objects.update(amount_nano=1)
    SpendDay.objects.filter(pk__in=list(SpendDay.objects.values_list("pk", flat=True)[:3])).delete()
    assert right != rolled_up()
    rebuild()
    assert right == rolled_up()


@pytest.mark.django_db
def test_only_the_days_that_are_asked_for_are_made():
    post_requests(random.Random(2), 50)
    TrafficDay.objects.update(attempts=0)
    done: list[dt.date] = []
    assert 1 == rebuild(dt.date(2026, 1, 2), dt.date(2026, 1, 3), done=done.append)
    assert [dt.date(2026, 1, 2)] == done
    assert {dt.date(2026, 1, 2)} == set(TrafficDay.objects.filter(attempts__gt=0).values_list("day", flat=True))


@pytest.mark.django_db
def test_days_whose_rows_are_gone_stay_as_they_are():
    post_requests(random.Random(3), 50)
    right = rolled_up()
    kept = dt.datetime(2026, 1, 3, tzinfo=dt.UTC)
    CostEvent.objects.filter(occurred_at__lt=kept).delete()
    RequestLog.objects.filter(occurred_at__lt=kept).delete()
    Removal.objects.create(removed_at=kept, before=kept, cost_events=0, requests=0)
    rebuild(dt.date(2026, 1, 1))
    assert right == rolled_up()


@pytest.mark.django_db
def test_empty_books_have_nothing_to_make():
    assert (0, 0) == (rebuild(), build_missing())


@pytest.mark.django_db
def test_missing_roll_ups_are_made_once():
    post_requests(random.Random(4), 20)
    right = rolled_up()
    assert 0 == build_missing()
    TrafficDay.objects.all().delete()
    assert build_missing() > 0
    assert right == rolled_up()


@pytest.mark.django_db
def test_what_is_added_up_from_finer_tables_is_made_from_them_where_it_is_missing():
    post_requests(random.Random(5), 60)
    right = rolled_up()
    # The rows of the books may be gone already; and an attempt before this one ended after the newest day.
    CostEvent.objects.all().delete()
    RequestLog.objects.all().delete()
    CalledDay.objects.all().delete()
    UserDay.objects.filter(day__lt=dt.date(2026, 1, 4)).delete()
    UserDay.objects.update(amount_nano=1)
    days = len(set(TrafficDay.objects.values_list("day", flat=True)))
    assert 2 * days == build_missing()
    assert right == rolled_up()
    assert 0 == build_missing()


@pytest.mark.timeout(120)
@pytest.mark.django_db(transaction=True)
def test_postings_that_come_while_roll_ups_are_made_are_neither_lost_nor_doubled():
    together = threading.Barrier(3)

    def posts(number: int) -> None:
        owner = OwnerId(f"{number:032}")
        register_owner(owner, "node", "boot")
        chance = random.Random(number)
        together.wait(timeout=20)
        for step in range(30):
            requests = [random_request(chance, number * 10_000 + step * 10 + each) for each in range(10)]
            post(posting_of(requests, owner, step, step + 1))
        connection.close()

    def makes() -> None:
        together.wait(timeout=20)
        for _ in range(8):
            rebuild()
        connection.close()

    with ThreadPoolExecutor(3) as threads:
        for run in [threads.submit(posts, 1), threads.submit(posts, 2), threads.submit(makes)]:
            run.result()
    verdict = verify()
    assert verdict is not None
    assert [] == verdict.differences
    kept = rolled_up()
    rebuild()
    assert kept == rolled_up()
