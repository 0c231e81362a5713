import pytest
from django.contrib.sessions.backends.db import SessionStore

from headgate.control.keys.sessions import ACTIVE
from headgate.control.organizations.models import Membership
from headgate.control.pages.organizations import choices, chosen
from tests.unit.control.api.people import CALLERS, make_person, session_of

pytestmark = pytest.mark.django_db
SWITCH = "/account/organization/"


def names(rf, person, switched: str = ""):
    request = rf.get("/account/")
    request.user = person
    request.session = SessionStore()
    request.session[ACTIVE] = switched
    found = chosen(request)
    return [each.name for each in choices(request)], None if found is None else found.name


def test_a_person_chooses_among_his_own_and_the_operator_among_all(rf, acme, other):
    person = make_person("u1", member_of=other)
    assert (["Other"], "Other") == names(rf, person)
    assert (["Other"], "Other") == names(rf, person, acme.pk)
    Membership.objects.create(user=person, organization=acme)
    assert (["Acme", "Other"], "Acme") == names(rf, person)
    assert (["Acme", "Other"], "Other") == names(rf, person, other.pk)
    root = make_person("root", is_staff=True, is_superuser=True)
    assert (["Acme", "Other"], "Acme") == names(rf, root)
    Membership.objects.create(user=root, organization=other)
    assert (["Acme", "Other"], "Other") == names(rf, root), "his own comes first"
    assert ([], None) == names(rf, make_person("stranger"))


def test_a_switch_lasts_and_leads_back(acme, other):
    client = CALLERS["user of both"].make(acme, other)
    answer = client.post(SWITCH, {"organization": other.pk, "next": "/costs?days=7"})
    assert (302, "/costs?days=7") == (answer.status_code, answer.headers["location"])
    assert other.pk == client.session[ACTIVE]
    away = client.post(SWITCH, {"organization": acme.pk, "next": "//evil.example/"})
    assert "/account/" == away.headers["location"]


def test_nobody_switches_to_what_he_may_not_see(acme, other):
    client = CALLERS["user"].make(acme, other)
    answer = client.post(SWITCH, {"organization": other.pk})
    assert 404 == answer.status_code
    assert b"There is no such organization that you may see." in answer.content
    assert ACTIVE not in client.session
    assert 405 == client.get(SWITCH).status_code
    assert 302 == session_of(None).post(SWITCH, {"organization": acme.pk}).status_code
