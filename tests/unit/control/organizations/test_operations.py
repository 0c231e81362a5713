import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from headgate.control.organizations import operations
from headgate.control.organizations.models import Membership, Organization, Role, Team
from headgate.control.publication.models import Snapshot
from headgate.snapshot.contract import decode_snapshot

pytestmark = pytest.mark.django_db


def published() -> dict[str, bool]:
    snapshot = decode_snapshot(bytes(Snapshot.objects.latest("revision").payload))
    return {organization.name: organization.enabled for organization in snapshot.organizations}


def test_a_new_organization_is_published():
    operations.create_organization("New")
    assert {"New": True} == published()


@pytest.mark.parametrize("by", ["name", "id"])
def test_an_organization_is_switched_off_and_on_by_name_or_id(acme, by: str):
    operations.set_organization_enabled(getattr(acme, by), enabled=False)
    assert {"Acme": False} == published()
    operations.set_organization_enabled(getattr(acme, by), enabled=True)
    assert {"Acme": True} == published()


def test_an_unknown_organization_is_named_in_the_error():
    with pytest.raises(Organization.DoesNotExist, match="nowhere"):
        operations.set_organization_enabled("nowhere", enabled=True)
    assert 0 == Snapshot.objects.count()


def test_a_user_is_created_made_staff_and_gets_a_new_password():
    operations.create_user("ada", "a first password")
    assert not authenticate(username="ada", password="a first password").is_staff
    assert operations.set_staff("ada", staff=True).is_staff
    operations.set_password("ada", "a second password")
    assert authenticate(username="ada", password="a first password") is None
    assert authenticate(username="ada", password="a second password").is_staff


def test_a_weak_password_is_refused():
    with pytest.raises(ValidationError):
        operations.create_user("ada", "password")
    operations.create_user("ada", "a first password")
    with pytest.raises(ValidationError):
        operations.set_password("ada", "12345")


def test_a_taken_name_is_refused():
    operations.create_user("ada", "a first password")
    with pytest.raises(IntegrityError), transaction.atomic():
        operations.create_user("ada", "a second password")


def test_a_user_has_one_role_per_organization(acme, other, acme_admin):
    operations.set_membership(acme_admin, acme, Role.OWNER)
    operations.set_membership(acme_admin, other, Role.MEMBER)
    assert {("Acme", "owner"), ("Other", "member")} == set(Membership.objects.values_list("organization__name", "role"))


def test_an_external_id_is_unique_inside_an_organization_only(acme, other):
    Team.objects.create(organization=acme, external_id="x", name="X")
    Team.objects.create(organization=other, external_id="x", name="X")
    with pytest.raises(IntegrityError), transaction.atomic():
        Team.objects.create(organization=acme, external_id="x", name="Y")
