import datetime as dt

import pytest
from django.db import DatabaseError, transaction

from headgate.control.budgets.models import Adjustment, Window
from headgate.control.budgets.operations import correct, create_budget
from headgate.control.budgets.pages import instant
from tests.unit.control.budgets.conftest import NOW

pytestmark = pytest.mark.django_db


def test_an_edge_is_a_moment_in_utc():
    assert dt.datetime(2026, 11, 20, tzinfo=dt.UTC) == instant(1_795_132_800)


def test_the_page_of_a_window_says_everything_about_it(superuser, signed_in):
    create_budget(name="Everybody", scope="system", period="day", limit=10, soft=True, currency="EUR", now=NOW)
    page = signed_in(superuser).get(f"/admin/budgets/window/{Window.objects.get().pk}/change/")
    content = page.content.decode()
    assert all(part in content for part in ("Everybody", "2026-11-20 00:00:00", "$20.80", "1.04", "EUR"))


def test_an_entry_is_never_changed(superuser, signed_in):
    create_budget(name="b", scope="system", period="day", limit=10, now=NOW)
    entry = correct(Window.objects.get().pk, 5, correction_id="c1", reason="missed", actor="root")
    assert b"missed" in signed_in(superuser).get("/admin/budgets/adjustment/").content
    assert 403 == signed_in(superuser).post(f"/admin/budgets/adjustment/{entry.pk}/change/", {"amount": 0}).status_code
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
        Adjustment.objects.update(amount=0)
