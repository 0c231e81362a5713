import pytest
from django.contrib import admin
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpResponseRedirect

from headgate.control.budgets.asking import Reason, ask_why
from headgate.control.budgets.models import Budget

pytestmark = pytest.mark.django_db


def ask(rf, user, rows, **given):
    request = rf.post("/admin/budgets/budget/?scope=user", given)
    request.user, request.session = user, {}
    request._messages = FallbackStorage(request)
    page = admin.site._registry[Budget]
    return ask_why(page, request, rows, action="reset", title="Reset", verb="Reset")


def test_the_page_asks_why_and_carries_what_was_chosen(rf, superuser):
    answer = ask(rf, superuser, [Budget(id="b1", name="Everybody")]).render().content.decode()
    assert all(part in answer for part in ("Everybody", 'value="b1"', 'name="reason"', 'name="given_id"'))


def test_an_answer_is_the_reason_and_the_id_drawn_with_the_page(rf, superuser):
    rows = [Budget(id="b1", name="b")]
    assert Reason("goodwill", "x1") == ask(rf, superuser, rows, reason=" goodwill ", given_id="x1")
    assert not isinstance(ask(rf, superuser, rows, reason=" ", given_id="x1"), Reason)


def test_with_nothing_to_do_it_goes_back_to_the_list(rf, superuser):
    answer = ask(rf, superuser, [])
    assert isinstance(answer, HttpResponseRedirect)
    assert "/admin/budgets/budget/?scope=user" == answer.url
