import datetime as dt

import pytest
from django.utils import timezone

from headgate.control.audit.models import AuditEntry
from headgate.control.keys import own
from headgate.control.keys.operations import create_key
from headgate.control.keys.own import create_own_key, may_create_own_key, own_keys, revoke_own_key
from headgate.control.keys.sessions import session_key_of
from headgate.control.organizations.models import Membership, Role
from headgate.control.publication.models import PublishedKey
from headgate.domain.errors import BadRequest, Forbidden, NotFound
from headgate.snapshot.contract import decode_key
from tests.unit.control.api.people import make_person

pytestmark = pytest.mark.django_db


def test_an_own_key_is_published_locked_to_the_person_and_audited(acme):
    ann = make_person("ann", member_of=acme)
    expires = timezone.now() + dt.timedelta(days=2)
    made = create_own_key(ann, acme, "laptop", expires)
    principal = decode_key(bytes(PublishedKey.objects.get(key_hash=made.key.sha256).payload)).principal
    assert ("ann", ("user",), expires.timestamp()) == (
        principal.defaults.user,
        principal.locked,
        principal.expires_at,
    )
    entry = AuditEntry.objects.get()
    assert ("ann", "added", "virtual key", acme.pk) == (entry.actor, entry.action, entry.kind, entry.organization_id)
    assert made.plain not in entry.details


def test_own_keys_are_those_locked_to_the_person_here_and_not_the_one_of_his_sessions(acme, other):
    ann = make_person("ann", member_of=acme)
    Membership.objects.create(user=ann, organization=other)
    mine = create_own_key(ann, acme, "laptop", None).key
    by_admin = create_key(acme, "from an admin", defaults={"user": "ann"}, locked=["user"]).key
    create_own_key(ann, other, "elsewhere", None)
    create_key(acme, "not locked", defaults={"user": "ann"})
    create_key(acme, "bob's", defaults={"user": "bob"}, locked=["user"])
    session_key_of(ann, acme)
    assert {mine.pk, by_admin.pk} == {key.pk for key in own_keys(ann, acme)}


@pytest.mark.parametrize(
    ("role", "members_may", "expected"),
    [(Role.MEMBER, True, True), (Role.MEMBER, False, False), (Role.ADMIN, False, True), (None, True, False)],
)
def test_members_make_keys_where_they_may_and_admins_always(acme, role, members_may, expected):
    acme.members_may_create_keys = members_may
    acme.save()
    person = make_person("ann", member_of=acme, role=role) if role else make_person("ann")
    assert expected == may_create_own_key(person, acme)
    if not expected:
        with pytest.raises(Forbidden, match="ask one of its admins"):
            create_own_key(person, acme, "laptop", None)
        assert [] == own_keys(person, acme)


@pytest.mark.parametrize("name", ["", "x" * 201, "two\nlines"])
def test_a_key_needs_a_name_on_one_line(acme, name: str):
    with pytest.raises(BadRequest, match="name of 1 to 200"):
        create_own_key(make_person("ann", member_of=acme), acme, name, None)


def test_a_person_has_a_bounded_number_of_working_keys(acme, monkeypatch):
    monkeypatch.setattr(own, "MOST_OWN_KEYS", 2)
    ann = make_person("ann", member_of=acme)
    first = create_own_key(ann, acme, "1", None).key
    create_own_key(ann, acme, "2", None)
    with pytest.raises(BadRequest, match="revoke one"):
        create_own_key(ann, acme, "3", None)
    revoke_own_key(ann, acme, first.pk)
    create_own_key(ann, acme, "3", None)


def test_a_person_revokes_his_own_keys_and_nobody_elses(acme, other):
    ann = make_person("ann", member_of=acme)
    mine = create_own_key(ann, acme, "laptop", None).key
    bobs = create_key(acme, "bob's", defaults={"user": "bob"}, locked=["user"]).key
    for key_id, organization in ((bobs.pk, acme), (mine.pk, other)):
        with pytest.raises(NotFound):
            revoke_own_key(ann, organization, key_id)
    assert revoke_own_key(ann, acme, mine.pk).revoked_at is not None
    assert not PublishedKey.objects.filter(key_hash=mine.sha256).exists()
    revoke_own_key(ann, acme, mine.pk)
    assert ["changed", "added"] == list(AuditEntry.objects.values_list("action", flat=True))
