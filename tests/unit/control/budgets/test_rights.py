import pytest
from django.utils import timezone

from headgate.control.budgets.models import Budget
from headgate.control.budgets.rights import governed, may_govern

pytestmark = pytest.mark.django_db


def asking(rf, user):
    request = rf.get("/")
    request.user = user
    return request


def test_an_organization_s_admin_governs_its_parts_only(acme, other, acme_admin, superuser, rf):
    budgets = [
        Budget(scope="team", organization=acme),
        Budget(scope="organization", organization=acme),
        Budget(scope="team", organization=other),
        Budget(scope="user"),
        Budget(scope="system"),
        Budget(scope="organization", organization=acme, source="organization"),
        Budget(scope="organization", organization=other, source="organization"),
    ]
    assert [True, False, False, False, False, True, False] == [
        may_govern(asking(rf, acme_admin), each) for each in budgets
    ]
    assert [True] * 7 == [may_govern(asking(rf, superuser), each) for each in budgets]


def test_nobody_governs_what_is_retired(superuser, rf):
    living, retired = Budget(scope="system"), Budget(scope="system", retired_at=timezone.now())
    assert [living] == governed(asking(rf, superuser), [living, retired])
