import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F

from headgate.control.budgets.models import Budget, Window
from headgate.control.budgets.operations import change_limit, create_budget
from headgate.control.budgets.resets import reset
from headgate.control.budgets.spending import Subject
from headgate.control.budgets.windows import change_spent, locked, open_windows, recall, rewrite_limits, subject_of
from tests.unit.control.budgets.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def shared(acme, spend) -> Budget:
    for number in range(3):
        spend(acme, 10 + number, user=f"u{number}")
    return create_budget(name="b", scope="user", period="total", organization=acme, limit=1, now=NOW)


def test_windows_are_locked_in_the_order_of_their_ids(shared):
    assert sorted(row.pk for row in Window.objects.all()) == [row.pk for row in locked(Window.objects.order_by("-pk"))]


def test_every_open_window_gets_the_new_limit_and_its_own_excess(shared):
    shared.limit, shared.limit_version = 0, 7
    rewrite_limits(shared, NOW)
    assert [(10, 0, 7, 1), (11, 0, 7, 1), (12, 0, 7, 1)] == list(
        Window.objects.order_by("pk").values_list("excess", "limit_amount", "limit_version", "recall_gen")
    )


def test_a_recall_reaches_every_open_window(shared):
    recall(shared, NOW)
    assert [1, 1, 1] == list(Window.objects.values_list("recall_gen", flat=True))


def test_spending_more_than_the_hard_limit_is_excess_and_less_is_none(shared):
    row = Window.objects.earliest("pk")
    change_spent(row, 10**9)
    change_spent(row, -1)
    row.refresh_from_db()
    assert (10**9 + 9, 9) == (row.spent, row.excess)


def test_a_window_knows_whose_it_is(shared, acme):
    assert Subject(acme.pk, "u0") == subject_of(Window.objects.earliest("pk"))


def test_windows_are_opened_once(shared):
    with pytest.raises(Exception, match=r"UNIQUE|duplicate"):
        open_windows(shared, NOW)


@pytest.mark.django_db(transaction=True)
def test_limits_and_resets_beside_draws_keep_the_invariant():
    budget = create_budget(name="b", scope="system", period="total", limit=Decimal("0.000000050"))
    begun, done = threading.Event(), threading.Event()

    def draw() -> int:
        drawn = 0
        try:
            while not done.is_set():
                room = Window.objects.filter(limit_amount__gte=F("spent") + F("leased") + 1)
                drawn += room.update(leased=F("leased") + 1)
                begun.set()
        finally:
            connection.close()
        return drawn

    with ThreadPoolExecutor(2) as threads:
        drawing = [threads.submit(draw) for _ in range(2)]
        try:
            assert begun.wait(20)
            for step in range(12):
                change_limit(budget, Decimal(20 + 10 * (step % 5)).scaleb(-9))
                assert reset(budget, reset_id=f"r{step}", reason="x", actor="root")
        finally:
            done.set()
        drawn = sum(each.result() for each in drawing)
    rows = list(Window.objects.all())
    # Emptying the database after this test leaves tables alone that Django did not make.
    Window.objects.all().delete()
    assert drawn == sum(row.leased for row in rows) > 0
    assert [max(0, row.spent + row.leased - row.hard_limit) for row in rows] == [row.excess for row in rows]
