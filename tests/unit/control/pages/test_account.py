import pytest
from django.utils import timezone

from headgate.control.budgets.operations import create_budget
from headgate.domain.principal import Attribution
from tests.unit.control.api.people import CALLERS, ask, make_person, session_of

pytestmark = pytest.mark.django_db


def test_a_person_sees_his_own_figures_and_nobody_elses(acme, other):
    now = timezone.now().timestamp()
    for number, (organization, user, cost) in enumerate([(acme, "u1", 7), (acme, "u2", 100), (other, "u1", 3_000)]):
        ask(organization, number, at=now, cost=cost, attribution=Attribution(user=user))
    page = session_of(make_person("u1", member_of=acme)).get("/account/").content.decode()
    assert "$0.000000007" in page
    assert "$0.0000001" not in page
    assert "$0.000003" not in page


def test_a_person_of_no_organization_is_told_what_to_do(acme):
    page = session_of(make_person("u1")).get("/account/").content.decode()
    assert "an admin can add you to one" in page


@pytest.mark.usefixtures("costs_hidden")
def test_amounts_are_left_out_where_costs_are_not_shown(acme):
    assert "$0" not in session_of(make_person("u1", member_of=acme)).get("/account/").content.decode()


def test_a_person_sees_how_he_stands_in_his_limits_and_in_everybodys(acme):
    create_budget(name="daily", scope="user", period="day", limit=1)
    create_budget(name="monthly", scope="system", period="month", limit=10)
    page = session_of(make_person("u1", member_of=acme)).get("/account/").content.decode()
    assert "0.00 % of your limit, $1.00" in page
    assert "0.00 % of everybody&#x27;s limit, $10.00" in page
    assert 2 == page.count("hg-green")


def test_a_person_sees_his_newest_requests_and_nobody_elses(acme):
    now = timezone.now().timestamp()
    ask(acme, 1, at=now, attribution=Attribution(user="u1"), original_model="of-mine")
    ask(acme, 2, at=now, attribution=Attribution(user="u2"), original_model="of-another")
    page = session_of(make_person("u1", member_of=acme)).get("/account/").content.decode()
    assert "of-mine" in page
    assert "of-another" not in page


def test_who_is_no_member_is_told_that_nobody_else_is_charged(acme, other):
    client = CALLERS["operator"].make(acme, other)
    assert "You are not a member of Acme" in client.get("/account/").content.decode()
    assert "not a member" not in CALLERS["user"].make(acme, other).get("/account/").content.decode()


def test_a_person_is_told_that_the_gateway_is_off(acme):
    acme.enabled = False
    acme.save()
    page = session_of(make_person("u1", member_of=acme)).get("/account/").content.decode()
    assert "The gateway is switched off for Acme" in page
