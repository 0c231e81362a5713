import pytest

from headgate.control.pages.analytics.filters import filters_of
from headgate.domain.errors import Forbidden, NotFound
from tests.unit.control.api.people import make_person

pytestmark = pytest.mark.django_db


def filters(rf, person, query: str = ""):
    request = rf.get(f"/admin/ai-analytics/?{query}")
    request.user = person
    return filters_of(request, "analytics", "user")


def test_the_operator_sees_all_or_one(rf, acme, other):
    root = make_person("root", is_staff=True, is_superuser=True)
    everything = filters(rf, root)
    assert (None, None, ["Acme", "Other"]) == (
        everything.seen.organizations,
        everything.organization,
        [each.name for each in everything.organizations],
    )
    for named in (other.pk, "Other"):
        one = filters(rf, root, f"organization={named}")
        assert ({other.pk}, other.pk) == (one.seen.organizations, one.organization)


def test_an_admin_sees_his_organization_and_no_other(rf, acme, other):
    boss = make_person("boss", member_of=acme, role="admin", is_staff=True)
    assert {acme.pk} == filters(rf, boss).seen.organizations
    for named in (other.pk, "Other", "no such"):
        with pytest.raises(NotFound):
            filters(rf, boss, f"organization={named}")
    with pytest.raises(Forbidden):
        filters(rf, make_person("clerk", is_staff=True))


def test_links_keep_days_and_organization(rf, acme):
    found = filters(rf, make_person("root", is_staff=True, is_superuser=True), "days=30&organization=Acme&user=u1&x=y")
    assert ({"user": "u1"}, {"days": "30", "user": "u1"}) == (found.other, found.kept)
    assert f"/admin/ai-analytics/?organization={acme.pk}&days=30" == found.link("analytics")
    assert "/admin/ai-analytics/requests/?a=1" == found.link(
        "analytics_requests", organization=None, days=None, a="1", b=""
    )
    assert [("Today", False), ("7 days", False), ("30 days", True), ("90 days", False)] == [
        (each.title, each.chosen) for each in found.choices_of_days
    ]
