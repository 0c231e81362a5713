import datetime as dt

import pytest
from django.utils import timezone

from headgate.control.dashboard import NEWEST
from tests.unit.control.rows import post_request

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _an_hour_after_noon(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 1, 1, 13, tzinfo=dt.UTC))


def figures(client) -> dict[str, str]:
    return {figure["title"]: figure["value"] for figure in client.get("/admin/").context["figures"]}


def test_an_empty_installation_has_an_overview(superuser, signed_in):
    expected = {"Requests": "0", "Cost": "$0.00", "Tokens": "0", "Failed requests": "0"}
    assert expected == figures(signed_in(superuser))


def test_the_last_day_is_summed_up_for_the_own_organizations(acme, other, acme_admin, superuser, signed_in):
    post_request(acme, 1)
    post_request(acme, 2, outcome="rejected")
    post_request(other, 3)
    expected = {"Requests": "2", "Cost": "$0.000002468", "Tokens": "44", "Failed requests": "1"}
    assert expected == figures(signed_in(acme_admin))
    assert "3" == figures(signed_in(superuser))["Requests"]
    assert "aigw_5F3" not in signed_in(acme_admin).get("/admin/").content.decode()


def test_without_cost_tracking_the_overview_names_no_amount(acme, superuser, signed_in, costs_hidden):
    post_request(acme, 1)
    post_request(acme, 2, cost=None)
    answer = signed_in(superuser).get("/admin/")
    assert ["Requests", "Tokens", "Failed requests"] == [each["title"] for each in answer.context["figures"]]
    assert "Cost" not in answer.context["newest"]["headers"]
    assert {len(answer.context["newest"]["headers"])} == {len(row) for row in answer.context["newest"]["rows"]}
    assert "$" not in answer.context["newest"]["rows"][0]
    assert "0.000001234" not in answer.content.decode()
    assert "without a price" not in answer.content.decode()


def test_older_requests_are_not_in_the_figures(acme, superuser, signed_in, monkeypatch):
    post_request(acme)
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 1, 2, 13, tzinfo=dt.UTC))
    client = signed_in(superuser)
    assert "0" == figures(client)["Requests"]
    assert b"aigw_5F1" in client.get("/admin/").content


def test_the_overview_asks_the_database_as_often_however_much_there_is(
    acme, superuser, signed_in, django_assert_num_queries
):
    client = signed_in(superuser)
    for number in range(NEWEST + 5):
        post_request(acme, number)
    with django_assert_num_queries(5):
        answer = client.get("/admin/")
    assert NEWEST == len(answer.context["newest"]["rows"])
