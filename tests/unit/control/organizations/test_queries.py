import pytest
from django.contrib.auth.models import AnonymousUser

from headgate.control.organizations.models import Membership, Role
from headgate.control.organizations.queries import administrated_by

pytestmark = pytest.mark.django_db


def test_an_admin_administrates_his_own_organizations_only(acme, other, acme_admin):
    assert [acme] == list(administrated_by(acme_admin))


def test_a_user_may_administrate_several_and_belong_to_others(acme, other, acme_member):
    Membership.objects.create(user=acme_member, organization=other, role=Role.OWNER)
    assert [other] == list(administrated_by(acme_member))


def test_a_superuser_administrates_all(acme, other, superuser):
    assert {acme, other} == set(administrated_by(superuser))


@pytest.mark.parametrize("flag", ["is_staff", "is_active"])
def test_who_may_not_enter_administrates_nothing(acme_admin, flag: str):
    setattr(acme_admin, flag, False)
    assert [] == list(administrated_by(acme_admin))


def test_a_stranger_administrates_nothing(acme):
    assert [] == list(administrated_by(AnonymousUser()))
