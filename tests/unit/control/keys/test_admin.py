import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session

from headgate.control.keys.models import VirtualKey
from headgate.control.keys.operations import create_key, hash_key
from headgate.control.publication.models import PublishedKey

pytestmark = pytest.mark.django_db
LIST = "/admin/keys/virtualkey/"


def test_a_key_is_shown_once_after_creation_and_stored_nowhere(acme, acme_admin, signed_in):
    client = signed_in(acme_admin)
    answer = client.post(f"{LIST}add/", {"organization": acme.pk, "name": "ci", "allowed_models": "gpt-*"})
    assert 200 == answer.status_code
    assert "no-store" in answer.headers["Cache-Control"]
    (plain,) = re.findall(r'value="(sk-hg-[^"]+)"', answer.content.decode())
    key = VirtualKey.objects.get()
    assert (hash_key(plain), ["gpt-*"]) == (key.sha256, key.allowed_models)
    assert PublishedKey.objects.filter(key_hash=key.sha256).exists()
    for path in (LIST, f"{LIST}{key.pk}/change/", "/admin/"):
        assert plain not in client.get(path).content.decode()
    traces = [str(entry.__dict__) for entry in LogEntry.objects.all()]
    traces += [str(session.get_decoded()) for session in Session.objects.all()]
    assert not [trace for trace in traces if plain in trace]


def test_a_key_keeps_its_secret_and_its_organization_when_it_is_changed(acme, other, superuser, signed_in):
    key, plain = create_key(acme, "ci")
    given = {"organization": other.pk, "name": "renamed", "scopes": ["chat"]}
    assert 302 == signed_in(superuser).post(f"{LIST}{key.pk}/change/", given).status_code
    key.refresh_from_db()
    assert ("renamed", ["chat"], hash_key(plain), acme) == (key.name, key.scopes, key.sha256, key.organization)


def test_keys_are_revoked_from_the_list_and_stay_there(acme, acme_admin, signed_in):
    key, _ = create_key(acme, "ci")
    client = signed_in(acme_admin)
    client.post(LIST, {"action": "revoke", "_selected_action": [key.pk]})
    assert 0 == PublishedKey.objects.count()
    assert "revoked" in client.get(LIST).content.decode()
    page = client.get(f"{LIST}{key.pk}/change/")
    assert (False, False) == (page.context["has_change_permission"], page.context["has_delete_permission"])
    assert 403 == client.post(f"{LIST}{key.pk}/change/", {"name": "again"}).status_code


def test_a_list_page_costs_the_same_queries_for_one_row_and_for_fifty(
    acme, superuser, signed_in, django_assert_num_queries
):
    client = signed_in(superuser)
    for rows in (1, 49):
        for _ in range(rows):
            create_key(acme, "ci")
        with django_assert_num_queries(5):
            client.get(LIST)
