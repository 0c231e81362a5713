import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from headgate.control.api.authentication import KEY_HEADERS
from headgate.control.keys.operations import create_key, revoke_key
from headgate.server.http import KEY_HEADERS as DOOR_HEADERS
from tests.unit.control.api.conftest import ANALYTICS
from tests.unit.control.api.people import key_of, make_person, session_of

pytestmark = pytest.mark.django_db
SYSTEM = f"{ANALYTICS}/system/"


def refused(client: Client, **headers: str) -> tuple[int, str]:
    answer = client.get(SYSTEM, headers=headers)
    return answer.status_code, answer.json()["error"]["code"]


def test_a_key_may_stand_where_the_doors_look_for_it(acme):
    assert DOOR_HEADERS == KEY_HEADERS
    plain = create_key(acme, "key").plain
    client = Client(HTTP_HOST="localhost")
    for name in KEY_HEADERS:
        assert 200 == client.get(SYSTEM, headers={name: plain}).status_code
    assert 200 == client.get(SYSTEM, headers={"authorization": f"bearer {plain}"}).status_code


def test_nobody_is_told_what_to_do(acme):
    client = Client(HTTP_HOST="localhost")
    assert (401, "missing_api_key") == refused(client)
    assert (401, "missing_api_key") == refused(client, authorization="Basic abc")
    assert (401, "invalid_api_key") == refused(client, authorization="Bearer sk-hg-unknown")


def test_a_revoked_and_an_expired_key_are_refused(acme):
    client = Client(HTTP_HOST="localhost")
    revoked = create_key(acme, "revoked")
    revoke_key(revoked.key)
    assert (401, "invalid_api_key") == refused(client, authorization=f"Bearer {revoked.plain}")
    expired = create_key(acme, "expired", expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert (401, "key_expired") == refused(client, authorization=f"Bearer {expired.plain}")


def test_an_organization_that_is_switched_off_sees_nothing_by_its_keys(acme):
    client = key_of(acme)
    assert 200 == client.get(SYSTEM).status_code
    acme.enabled = False
    acme.save()
    assert (403, "organization_disabled") == refused(client)


def test_a_key_with_other_scopes_is_refused(acme):
    assert (403, "scope_not_allowed") == refused(key_of(acme, scopes=["chat", "models"]))
    assert 200 == key_of(acme, scopes=["chat", "analytics"]).get(SYSTEM).status_code


def test_a_key_that_is_shown_is_what_counts_also_beside_a_session(acme, superuser):
    client = session_of(superuser)
    assert (401, "invalid_api_key") == refused(client, authorization="Bearer sk-hg-unknown")


def test_what_a_session_changes_needs_the_token_of_its_cookie(acme, superuser):
    client = session_of(superuser, enforce_csrf=True)
    reset = f"{ANALYTICS}/user/u1/reset/?organization=Acme"
    answer = client.post(reset, content_type="application/json")
    assert (403, "csrf_failed") == (answer.status_code, answer.json()["error"]["code"])
    client.get("/api/docs")
    token = client.cookies["headgate_csrf"].value
    assert 200 == client.post(reset, content_type="application/json", headers={"x-csrftoken": token}).status_code
    assert 200 == client.get(SYSTEM).status_code


def test_a_person_who_may_not_sign_in_any_more_is_nobody(acme):
    person = make_person("u1", member_of=acme)
    client = session_of(person)
    assert 200 == client.get(f"{ANALYTICS}/user/").status_code
    person.is_active = False
    person.save()
    assert 401 == client.get(f"{ANALYTICS}/user/").status_code
