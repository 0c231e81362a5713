import pytest

from headgate.control.budgets import tables
from headgate.control.budgets.models import Window
from headgate.control.budgets.operations import correct, create_budget
from headgate.control.budgets.tables import tables_of
from tests.unit.control.budgets.conftest import NOW

pytestmark = pytest.mark.django_db


def test_windows_and_entries_are_shown_newest_first_and_no_more_than_fit(acme, spend, monkeypatch):
    monkeypatch.setattr(tables, "SHOWN", 2)
    for number in range(3):
        spend(acme, 10 + number, user=f"u{number}")
    budget = create_budget(name="b", scope="user", organization=acme, period="day", limit=1, now=NOW)
    for row in Window.objects.all():
        correct(row.pk, 1, correction_id=row.subject, reason="why", actor="root")
    windows, entries = tables_of(budget)
    assert (["u2", "u1"], True) == ([row[1] for row in windows["table"]["rows"]], windows["more"])
    assert (["u2", "u1"], True) == (
        [row[-1].rpartition(".")[2] for row in entries["table"]["rows"]],
        entries["more"],
    )
