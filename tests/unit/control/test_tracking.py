import pytest
from django.contrib.admin import site
from django.test import RequestFactory

from headgate.control.ledger.models import CostEvent
from headgate.control.tracking import CostColumns, costs_shown


class Page(CostColumns):
    """Every group is about amounts but one."""

    list_display = ("request_id", "amount_nano")
    fieldsets = ((None, {"fields": ("request_id", "hold_nano")}), ("Amount", {"fields": ("amount_nano",)}))
    costs = frozenset({"amount_nano", "hold_nano"})


@pytest.fixture
def page() -> Page:
    return Page(CostEvent, site)


def test_costs_are_shown_unless_somebody_says_otherwise(page):
    request = RequestFactory().get("/")
    assert costs_shown()
    assert ["request_id", "amount_nano"] == list(page.get_list_display(request))
    assert [None, "Amount"] == [title for title, _ in page.get_fieldsets(request)]


def test_without_cost_tracking_amounts_are_left_out_and_groups_of_nothing_else_too(page, costs_hidden):
    request = RequestFactory().get("/")
    assert not costs_shown()
    assert ["request_id"] == page.get_list_display(request)
    assert [(None, {"fields": ["request_id"]})] == page.get_fieldsets(request)
