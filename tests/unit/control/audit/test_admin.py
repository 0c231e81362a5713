import pytest
from django.test import Client
from django.urls import reverse

from headgate.control.audit.models import AuditEntry
from headgate.control.audit.operations import record
from headgate.control.deployments.models import ProviderCredential
from headgate.control.keys.models import VirtualKey
from headgate.control.keys.operations import create_key

LIST = "admin:audit_auditentry_changelist"


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def last() -> AuditEntry:
    return AuditEntry.objects.order_by("-number")[0]


def test_what_is_done_on_pages_is_on_the_trail(superuser, acme):
    client = signed_in(superuser)
    page = reverse("admin:keys_virtualkey_add")
    assert (
        200
        == client.post(
            page, {"organization": acme.pk, "name": "ci", "expires_at_0": "", "expires_at_1": ""}
        ).status_code
    )
    entry = last()
    assert ("root", "added", "virtual key", acme.pk) == (entry.actor, entry.action, entry.kind, entry.organization_id)
    assert VirtualKey.objects.get().pk == entry.object_id


def test_what_an_action_does_is_on_the_trail(superuser, acme):
    key = create_key(acme, "ci").key
    data = {"action": "revoke", "_selected_action": [key.pk]}
    signed_in(superuser).post(reverse("admin:keys_virtualkey_changelist"), data)
    assert ("changed", key.pk) == (last().action, last().object_id)
    assert "Revoked." in last().details


def test_a_secret_that_was_typed_is_not_on_the_trail(superuser):
    page = reverse("admin:deployments_providercredential_add")
    signed_in(superuser).post(page, {"name": "main", "provider": "openai", "secret": "sk-very-secret-value"})
    assert 1 == ProviderCredential.objects.count()
    assert "main" in last().details
    assert "very-secret" not in last().details


def test_an_organizations_admin_sees_what_was_done_to_his_own(acme, other, acme_admin):
    record("root", "changed", "organization", label="mine", organization_id=acme.pk)
    record("root", "changed", "organization", label="theirs", organization_id=other.pk)
    record("root", "changed", "price card", label="everybodys")
    page = signed_in(acme_admin).get(reverse(LIST)).content.decode()
    assert "mine" in page
    assert "theirs" not in page
    assert "everybodys" not in page


@pytest.mark.parametrize("view", ["add", "change", "delete"])
def test_nobody_changes_the_trail(superuser, view: str):
    entry = record("root", "changed", "organization")
    arguments = () if view == "add" else (entry.pk,)
    page = reverse(f"admin:audit_auditentry_{view}", args=arguments)
    expected = 200 if view == "change" else 403
    assert expected == signed_in(superuser).get(page).status_code
    assert 403 == signed_in(superuser).post(page, {"post": "yes"}).status_code
