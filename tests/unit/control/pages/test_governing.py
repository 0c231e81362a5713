import pytest

from headgate.control.audit.models import AuditEntry
from headgate.control.keys.operations import create_key
from headgate.control.publication.models import PublishedKey, Snapshot
from headgate.snapshot.contract import decode_snapshot
from tests.unit.control.api.people import CALLERS, make_person, session_of

pytestmark = pytest.mark.django_db


def published_enabled(organization) -> bool:
    newest = Snapshot.objects.order_by("-revision").first()
    known = decode_snapshot(bytes(newest.payload))
    return next(each.enabled for each in known.organizations if each.id == organization.pk)


def test_the_operator_is_asked_and_then_switches_the_gateway(acme, other):
    client = CALLERS["operator"].make(acme, other)
    path = f"/admin/ai/{acme.pk}/gateway/"
    assert "will be answered 403 at every door" in client.get(path).content.decode()
    acme.refresh_from_db()
    assert acme.enabled
    page = client.post(path, {"enabled": "false"}, follow=True).content.decode()
    assert "The gateway of Acme is off" in page
    assert not published_enabled(acme)
    assert "will be answered again" in client.get(path).content.decode()
    client.post(path, {"enabled": "true"})
    client.post(path, {"enabled": "true"})
    assert published_enabled(acme)
    entries = AuditEntry.objects.order_by("number").values_list("actor", "action", "organization_id", "details")
    assert [("root", "changed", acme.pk), ("root", "changed", acme.pk)] == [each[:3] for each in entries]
    assert "Switched the gateway off." in entries[0][3]
    assert 400 == client.post(path, {"enabled": "maybe"}).status_code
    assert 405 == client.put(path).status_code


@pytest.mark.parametrize("who", CALLERS)
def test_nobody_else_switches_it(who: str, acme, other):
    client = CALLERS[who].make(acme, other)
    for organization in (acme, other):
        answer = client.post(f"/admin/ai/{organization.pk}/gateway/", {"enabled": "false"})
        organization.refresh_from_db()
        assert organization.enabled == (who != "operator")
        assert answer.status_code in ({302} if who == "operator" or not client.session else {302, 403, 404})


@pytest.mark.parametrize("who", CALLERS)
def test_keys_are_revoked_by_those_who_administrate_their_organization(who: str, acme, other):
    client = CALLERS[who].make(acme, other)
    may = {"organization admin": {"Acme"}, "operator": {"Acme", "Other"}}.get(who, set())
    for organization in (acme, other):
        key = create_key(organization, f"of {organization}").key
        client.post(f"/admin/ai/keys/{key.pk}/revoke/")
        key.refresh_from_db()
        assert (key.revoked_at is not None) == (organization.name in may)
        assert PublishedKey.objects.filter(key_hash=key.sha256).exists() == (organization.name not in may)
    assert len(may) == AuditEntry.objects.filter(kind="virtual key", action="changed").count()


def test_another_site_switches_and_revokes_nothing(acme):
    root = make_person("root", is_staff=True, is_superuser=True)
    client = session_of(root, enforce_csrf=True)
    key = create_key(acme, "key").key
    assert 403 == client.post(f"/admin/ai/keys/{key.pk}/revoke/").status_code
    assert 403 == client.post(f"/admin/ai/{acme.pk}/gateway/", {"enabled": "false"}).status_code
    acme.refresh_from_db()
    assert acme.enabled
    assert 405 == client.get(f"/admin/ai/keys/{key.pk}/revoke/").status_code
