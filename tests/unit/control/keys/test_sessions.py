import json
import threading

import pytest
from django.db import connection
from django.test import Client

from headgate.control.keys.models import SessionKey, VirtualKey
from headgate.control.keys.sessions import ACTIVE, session_key_of
from headgate.control.organizations.models import Membership, Organization, User
from headgate.control.publication.models import PublishedKey
from headgate.snapshot.contract import decode_key

PATH = "/internal/session-key"


@pytest.fixture
def ann(acme: Organization) -> User:
    user = User.objects.create(username="ann")
    Membership.objects.create(user=user, organization=acme)
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_session_has_a_key_of_its_own_that_is_charged_to_its_user(ann: User, acme: Organization):
    answer = signed_in(ann).post(PATH)
    (key,) = VirtualKey.objects.all()
    assert {"sha256": key.sha256} == json.loads(answer.content)
    principal = decode_key(bytes(PublishedKey.objects.get(key_hash=key.sha256).payload)).principal
    assert (acme.pk, "ann", ("user",)) == (principal.organization_id, principal.defaults.user, principal.locked)
    assert answer.content == signed_in(ann).post(PATH).content
    assert 1 == VirtualKey.objects.count()


def test_each_organization_of_a_user_has_another_key_and_a_session_may_switch(
    ann: User, acme: Organization, other: Organization
):
    Membership.objects.create(user=ann, organization=other)
    client = signed_in(ann)
    first = client.post(PATH).content
    session = client.session
    session[ACTIVE] = other.pk
    session.save()
    assert first != client.post(PATH).content
    assert {acme.pk, other.pk} == set(SessionKey.objects.values_list("organization_id", flat=True))


def test_nobody_else_is_charged_where_a_session_works_for_an_organization_that_is_not_his(
    ann: User, acme: Organization, other: Organization
):
    client = signed_in(ann)
    session = client.session
    session[ACTIVE] = other.pk
    session.save()
    answer = client.post(PATH)
    assert (403, "not_a_member") == (answer.status_code, answer.json()["code"])
    assert "switch to one of your own at /account/" in answer.json()["error"]
    assert 0 == VirtualKey.objects.count()


def test_who_belongs_to_no_organization_is_told_so(acme: Organization):
    answer = signed_in(User.objects.create(username="alone")).post(PATH)
    assert (403, "not_a_member") == (answer.status_code, answer.json()["code"])
    assert "an admin can add you to one" in answer.json()["error"]
    assert 0 == VirtualKey.objects.count()


def test_without_a_session_there_is_no_key(db):
    assert 401 == Client().post(PATH).status_code


def test_another_site_cannot_ask_in_a_users_name(ann: User):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann)
    assert 403 == client.post(PATH).status_code
    assert 405 == client.get(PATH).status_code
    assert 0 == VirtualKey.objects.count()


def test_a_revoked_key_is_not_replaced(ann: User, acme: Organization):
    made = session_key_of(ann, acme)
    assert made.pk == session_key_of(ann, acme).pk


@pytest.mark.django_db(transaction=True)
def test_two_pages_at_once_get_the_same_key():
    acme = Organization.objects.create(name="Acme")
    ann = User.objects.create(username="ann")
    found: list[str] = []

    def look() -> None:
        try:
            found.append(session_key_of(ann, acme).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 == len(set(found))
    assert 4 == len(found)
