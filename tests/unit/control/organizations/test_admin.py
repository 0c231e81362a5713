import pytest
from django.contrib.auth import authenticate

from headgate.control.organizations.models import Organization, Team, User
from headgate.control.publication.models import Snapshot
from headgate.snapshot.contract import decode_snapshot

pytestmark = pytest.mark.django_db
ORGANIZATIONS = "/admin/organizations/organization/"


def published() -> dict[str, bool]:
    snapshot = decode_snapshot(bytes(Snapshot.objects.latest("revision").payload))
    return {organization.name: organization.enabled for organization in snapshot.organizations}


def test_saving_an_organization_publishes_it_once(superuser, signed_in):
    client = signed_in(superuser)
    assert 302 == client.post(f"{ORGANIZATIONS}add/", {"name": "New", "enabled": "on"}).status_code
    assert {"New": True} == published()
    client.post(f"{ORGANIZATIONS}{Organization.objects.get().pk}/change/", {"name": "New"})
    assert ({"New": False}, 2) == (published(), Snapshot.objects.latest("revision").revision)


def test_what_happens_over_a_budget_is_published(acme, superuser, acme_admin, signed_in):
    given = {"name": "Acme", "enabled": "on", "open_model": "llama", "critical_tasks": "billing"}
    assert 302 == signed_in(superuser).post(f"{ORGANIZATIONS}{acme.pk}/change/", given).status_code
    signed_in(acme_admin).post(f"{ORGANIZATIONS}{acme.pk}/change/", {**given, "critical_tasks": "everything"})
    (one,) = decode_snapshot(bytes(Snapshot.objects.latest("revision").payload)).organizations
    assert ("llama", ("billing",)) == (one.open_model, one.critical_tasks)


def test_an_organization_is_never_deleted(acme, superuser, signed_in):
    client = signed_in(superuser)
    assert 403 == client.post(f"{ORGANIZATIONS}{acme.pk}/delete/", {"post": "yes"}).status_code
    client.post(ORGANIZATIONS, {"action": "delete_selected", "_selected_action": [acme.pk], "post": "yes"})
    assert Organization.objects.filter(pk=acme.pk).exists()


def test_an_organization_admin_adds_a_team(acme, acme_admin, signed_in):
    given = {"organization": acme.pk, "external_id": "search", "name": "Search"}
    assert 302 == signed_in(acme_admin).post("/admin/organizations/team/add/", given).status_code
    assert ("search", acme) == (Team.objects.get().external_id, Team.objects.get().organization)


def test_the_operator_adds_a_user_and_puts_him_into_an_organization(acme, superuser, signed_in):
    client = signed_in(superuser)
    given = {"username": "ada", "password1": "a long enough one", "password2": "a long enough one"}
    formset = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    answer = client.post("/admin/organizations/user/add/", {**given, "usable_password": "true", **formset})
    assert 302 == answer.status_code, answer.context["adminform"].form.errors
    ada = User.objects.get(username="ada")
    assert authenticate(username="ada", password="a long enough one") == ada
    change = {
        "username": "ada",
        "is_active": "on",
        "is_staff": "on",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        "memberships-0-organization": acme.pk,
        "memberships-0-role": "admin",
        "memberships-0-user": ada.pk,
    }
    assert 302 == client.post(f"/admin/organizations/user/{ada.pk}/change/", change).status_code
    assert [(acme, "admin")] == [(one.organization, one.role) for one in ada.memberships.all()]
    assert 200 == signed_in(User.objects.get(pk=ada.pk)).get("/admin/organizations/team/").status_code


@pytest.mark.parametrize(
    ("queries", "page"), [(4, "organization"), (5, "team"), (5, "project"), (5, "app"), (5, "client"), (4, "user")]
)
def test_a_list_page_costs_a_fixed_number_of_queries(
    queries, page, acme, superuser, signed_in, django_assert_num_queries
):
    for number in range(20):
        Team.objects.create(organization=acme, external_id=str(number), name="x")
    client = signed_in(superuser)
    with django_assert_num_queries(queries):
        client.get(f"/admin/organizations/{page}/")


def test_the_operator_gives_a_person_one_of_the_two_permissions_that_are_looked_at(superuser, signed_in):
    clerk = User.objects.create(username="clerk", is_staff=True)
    client, page = signed_in(superuser), f"/admin/organizations/user/{clerk.pk}/change/"
    offered = client.get(page).context["adminform"].form.fields["user_permissions"].queryset
    assert {"view_ai_analytics", "reset_user_spend"} == set(offered.values_list("codename", flat=True))
    memberships = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    chosen = offered.get(codename="view_ai_analytics")
    given = {"username": "clerk", "is_active": "on", "is_staff": "on", "user_permissions": [chosen.pk], **memberships}
    assert 302 == client.post(page, given).status_code
    clerk = User.objects.get(username="clerk")
    assert (True, False) == (
        clerk.has_perm("rollups.view_ai_analytics"),
        clerk.has_perm("rollups.reset_user_spend"),
    )
