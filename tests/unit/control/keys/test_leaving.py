import pytest

from headgate.control.audit.models import AuditEntry
from headgate.control.keys.operations import create_key
from headgate.control.keys.own import create_own_key, own_keys
from headgate.control.organizations.models import Membership
from headgate.control.publication.models import PublishedKey
from tests.unit.control.api.people import make_person

pytestmark = pytest.mark.django_db


def test_who_leaves_an_organization_loses_his_keys_there_and_nowhere_else(acme, other):
    ann = make_person("ann", member_of=acme)
    Membership.objects.create(user=ann, organization=other)
    create_own_key(ann, acme, "here", None)
    create_own_key(ann, other, "there", None)
    of_all = create_key(acme, "of everybody").key
    Membership.objects.get(user=ann, organization=acme).delete()
    assert [True] == [key.revoked_at is not None for key in own_keys(ann, acme)]
    assert [False] == [key.revoked_at is not None for key in own_keys(ann, other)]
    assert PublishedKey.objects.filter(key_hash=of_all.sha256).exists()
    assert "its owner left" in AuditEntry.objects.first().details


def test_a_person_who_is_deleted_leaves_everywhere(acme):
    ann = make_person("ann", member_of=acme)
    made = create_own_key(ann, acme, "here", None).key
    ann.delete()
    made.refresh_from_db()
    assert made.revoked_at is not None
