import pytest
from django.utils import timezone

from headgate.domain.principal import Attribution
from tests.unit.control.api.people import ask, make_person, session_of

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
