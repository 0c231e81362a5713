import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from headgate.control.budgets.models import Adjustment, Budget, SubjectEpoch, Window
from headgate.control.budgets.operations import correct, create_budget, retire
from headgate.control.budgets.queries import current_windows
from headgate.control.budgets.resets import change_period, change_time_zone, reset
from headgate.control.budgets.spending import Subject
from headgate.control.publication.models import Snapshot
from headgate.snapshot.contract import decode_snapshot
from tests.unit.control.budgets.conftest import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(minutes=5)
BY = {"reason": "a new contract", "actor": "root"}


def make(**fields) -> Budget:
    return create_budget(**{"name": "b", "scope": "system", "period": "day", "limit": 10, "now": NOW, **fields})


def published():
    (one,) = decode_snapshot(bytes(Snapshot.objects.latest("revision").payload)).budgets
    return one


def entries() -> list[tuple]:
    return list(Adjustment.objects.order_by("id").values_list("id", "kind", "window_id", "amount"))


def current() -> dict[str, int]:
    return {row.pk: row.spent for row in current_windows(LATER)}


def test_a_reset_is_a_new_epoch_and_a_dated_entry(acme, spend):
    spend(acme, 7)
    budget = make()
    old = Window.objects.get().pk
    assert reset(budget, reset_id="r1", now=LATER, **BY)
    assert (1, {}) == (published().epoch, current())
    assert [("r1", "reset", old, -7)] == entries()
    assert (7, 1) == (Window.objects.get().spent, Window.objects.get().recall_gen)
    assert ("a new contract", "root", LATER) == Adjustment.objects.values_list("reason", "actor", "created_at").get()


def test_a_reset_id_seen_twice_does_nothing_the_second_time(acme, spend):
    spend(acme, 7)
    budget = make()
    assert [True, False] == [reset(budget, reset_id="r1", now=LATER, **BY) for _ in range(2)]
    assert (1, 1) == (published().epoch, Adjustment.objects.count())


def test_a_budget_that_nobody_used_can_be_reset(acme):
    budget = make(scope="user")
    assert [True, False] == [reset(budget, reset_id="r1", now=LATER, **BY) for _ in range(2)]
    assert [("r1", "reset", "", 0)] == entries()


def test_resetting_a_shared_budget_enters_every_subject(acme, spend):
    spend(acme, 3, user="ada")
    spend(acme, 4, user="bob")
    budget = make(scope="user", organization=acme)
    reset(budget, reset_id="r1", now=LATER, **BY)
    name = f"{budget.pk}.0.2026-11-20"
    assert [("r1", "reset", f"{name}.ada", -3), ("r1.1", "reset", f"{name}.bob", -4)] == entries()
    assert {} == current()


def test_one_subject_of_a_shared_budget_can_be_reset(acme, other, spend):
    spend(acme, 3, user="ada")
    spend(other, 4, user="ada")
    budget = make(scope="user")
    ada = Subject(acme.pk, "ada")
    for number in range(2):
        assert reset(budget, reset_id=f"r{number}", subject=ada, now=LATER, **BY)
    assert [(f"{acme.pk}/ada", 2)] == [(one.subject, one.epoch) for one in published().subject_epochs]
    assert (0, {f"{budget.pk}.0.2026-11-20.{other.pk}/ada": 4}) == (published().epoch, current())
    assert [-3, 0] == [entry[3] for entry in entries()]


def test_an_epoch_never_comes_back(acme, spend):
    budget = make(scope="user", organization=acme)
    for number in range(3):
        reset(budget, reset_id=f"s{number}", subject=Subject(acme.pk, "ada"), now=LATER, **BY)
    reset(budget, reset_id="all", now=LATER, **BY)
    assert (4, (), 0) == (published().epoch, published().subject_epochs, SubjectEpoch.objects.count())


def test_a_budget_with_one_window_has_no_subject_to_reset(acme):
    budget = make(scope="user", organization=acme, subject="ada")
    with pytest.raises(ValidationError, match="one window for all"):
        reset(budget, reset_id="r", subject=Subject(acme.pk, "ada"), **BY)


def test_a_reset_says_why_and_is_of_a_living_budget():
    budget = make()
    with pytest.raises(ValidationError, match="Say why"):
        reset(budget, reset_id="r", reason=" ", actor="root")
    retire(budget)
    with pytest.raises(ValidationError, match="retired"):
        reset(budget, reset_id="r", **BY)
    assert 0 == Adjustment.objects.count()


def test_another_time_zone_is_a_new_epoch_that_starts_from_what_was_spent(acme, spend):
    # It is 04:00 of the 21st in Tokyo since four hours.
    spend(acme, 3, at=NOW - dt.timedelta(hours=10))
    spend(acme, 4, at=NOW - dt.timedelta(hours=1))
    budget = make()
    assert change_time_zone(budget, "Asia/Tokyo", change_id="z1", now=LATER, **BY)
    assert {f"{budget.pk}.1.2026-11-21": 4} == current()
    assert [("z1", "calendar", f"{budget.pk}.0.2026-11-20", -7)] == entries()
    assert ("day:Asia/Tokyo", 1) == (published().calendar, published().epoch)
    assert "time_zone UTC to Asia/Tokyo: a new contract" == Adjustment.objects.get().reason


def test_changing_the_period_is_no_way_around_a_limit(acme, spend):
    spend(acme, 3, at=NOW - dt.timedelta(days=3))
    spend(acme, 4)
    budget = make(limit=Decimal("0.000000005"))
    change_period(budget, "month", change_id="p1", now=LATER, **BY)
    row = current_windows(LATER).get()
    assert ("2026-11", 7, 5, 2) == (row.label, row.spent, row.limit_amount, row.excess)


def test_what_was_reset_or_corrected_stays_so_in_another_calendar(acme, spend):
    spend(acme, 3, user="ada")
    spend(acme, 9, user="bob")
    budget = make(scope="user", organization=acme)
    reset(budget, reset_id="r1", subject=Subject(acme.pk, "ada"), now=LATER, **BY)
    correct(f"{budget.pk}.0.2026-11-20.bob", -2, correction_id="c1", now=LATER, **BY)
    spend(acme, 1, user="ada", at=LATER + dt.timedelta(minutes=1))
    change_period(budget, "month", change_id="p1", now=LATER + dt.timedelta(minutes=2), **BY)
    assert {f"{budget.pk}.2.2026-11.ada": 1, f"{budget.pk}.2.2026-11.bob": 7} == current()


def test_a_change_to_the_same_or_to_nonsense_changes_nothing():
    budget = make()
    assert not change_time_zone(budget, "UTC", change_id="z1", **BY)
    with pytest.raises(ValidationError, match="Europe/Berlin"):
        change_time_zone(budget, "Mars/Olympus", change_id="z1", **BY)
    assert (0, 0, 1) == (published().epoch, Adjustment.objects.count(), Snapshot.objects.count())


def test_the_same_change_id_does_nothing_the_second_time():
    budget = make()
    assert change_time_zone(budget, "Asia/Tokyo", change_id="z1", now=LATER, **BY)
    assert not change_time_zone(budget, "Asia/Kolkata", change_id="z1", now=LATER, **BY)
    assert ("day:Asia/Tokyo", 1) == (published().calendar, published().epoch)
