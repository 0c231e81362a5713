"""Two organizations on every page: an admin of the one never sees, finds, changes or deletes what is the other's."""

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.test import Client
from django.urls import reverse

from headgate.control.deployments.models import Deployment
from headgate.control.keys.models import VirtualKey
from headgate.control.organizations.models import User
from headgate.control.publication.models import Snapshot
from headgate.control.scoping import Scoped, administrated_ids
from tests.unit.control.rows import CHANGED_BY_ORGANIZATION_ADMINS, ROWS, make_credential

pytestmark = pytest.mark.django_db


def address(page: str, kind: str, *row) -> str:
    return reverse(f"admin:{page}_{kind}", args=[quote(one.pk) for one in row])


def listed(client: Client, page: str, query: str = "") -> set[str]:
    answer = client.get(f"{address(page, 'changelist')}{query}")
    assert 200 == answer.status_code
    return {row.pk for row in answer.context["cl"].result_list}


def test_every_page_is_scoped_and_tried_here():
    pages = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    assert pages - {"organizations_user", "pricing_widening", "currencies_exchangerate"} == set(ROWS)
    assert all(isinstance(page, Scoped) for page in admin.site._registry.values())


@pytest.mark.parametrize("page", ROWS)
def test_a_list_shows_the_own_organizations_rows_only(page, acme, other, acme_admin, superuser, signed_in):
    mine, theirs = ROWS[page](acme), ROWS[page](other)
    assert {mine.pk} == listed(signed_in(acme_admin), page)
    assert {mine.pk, theirs.pk} <= listed(signed_in(superuser), page)


@pytest.mark.parametrize("page", ROWS)
def test_a_row_of_another_organization_cannot_be_opened(page, acme, other, acme_admin, signed_in):
    client = signed_in(acme_admin)
    mine, theirs = ROWS[page](acme), ROWS[page](other)
    assert 200 == client.get(address(page, "change", mine)).status_code
    for kind in ("change", "delete", "history"):
        answer = client.get(address(page, kind, theirs))
        assert answer.status_code in {302, 403}
        assert answer.headers.get("Location", "/admin/") == "/admin/"


@pytest.mark.parametrize("page", ROWS)
def test_a_row_of_another_organization_cannot_be_written(page, acme, other, acme_admin, signed_in):
    client = signed_in(acme_admin)
    theirs = ROWS[page](other)
    before = type(theirs).objects.filter(pk=theirs.pk).values().get()
    for kind in ("change", "delete"):
        given = {"name": "stolen", "organization": acme.pk, "external_id": "x", "provider": "openai", "post": "yes"}
        assert client.post(address(page, kind, theirs), given).status_code in {302, 403}
    assert before == type(theirs).objects.filter(pk=theirs.pk).values().get()


@pytest.mark.parametrize("page", ROWS)
def test_bulk_actions_do_not_reach_another_organization(page, acme, other, acme_admin, signed_in):
    theirs = ROWS[page](other)
    for action in ("delete_selected", "revoke"):
        given = {"action": action, "_selected_action": [theirs.pk], "post": "yes"}
        signed_in(acme_admin).post(address(page, "changelist"), given)
    kept = type(theirs).objects.get(pk=theirs.pk)
    assert getattr(kept, "revoked_at", None) is None


@pytest.mark.parametrize("page", ROWS)
def test_a_list_offers_no_filter_value_of_another_organization(page, acme, other, acme_admin, signed_in):
    ROWS[page](acme), ROWS[page](other)
    content = signed_in(acme_admin).get(address(page, "changelist")).content.decode()
    assert other.pk not in content
    assert "Other" not in content


@pytest.mark.parametrize("page", ROWS)
def test_asking_for_another_organizations_rows_by_filter_finds_nothing(page, acme, other, acme_admin, signed_in):
    ROWS[page](acme), ROWS[page](other)
    query = f"?organization={other.pk}"
    answer = signed_in(acme_admin).get(f"{address(page, 'changelist')}{query}", follow=True)
    assert other.pk not in {getattr(row, "organization_id", None) for row in answer.context["cl"].result_list}


@pytest.mark.parametrize("page", sorted(CHANGED_BY_ORGANIZATION_ADMINS - {"organizations_organization"}))
def test_forms_offer_the_own_organizations_only(page, acme, other, acme_admin, signed_in):
    ROWS[page](other)
    form = signed_in(acme_admin).get(address(page, "add")).context["adminform"].form
    assert [acme] == list(form.fields["organization"].queryset)
    assert form.fields["organization"].required


def test_a_row_cannot_be_created_for_another_organization(acme, other, acme_admin, signed_in):
    given = {"organization": other.pk, "name": "x"}
    answer = signed_in(acme_admin).post(address("keys_virtualkey", "add"), given)
    assert "organization" in answer.context["adminform"].form.errors
    assert 0 == VirtualKey.objects.count()


def test_a_row_cannot_be_given_to_everybody(acme, acme_admin, signed_in):
    own = make_credential(acme)
    given = {
        "organization": "",
        "name": "x",
        "provider": "openai",
        "priority": "0",
        "weight": "1",
        "credential": own.pk,
    }
    answer = signed_in(acme_admin).post(address("deployments_deployment", "add"), given)
    assert "organization" in answer.context["adminform"].form.errors
    assert 0 == Deployment.objects.count()


def test_shared_deployments_are_seen_and_not_changed_by_an_organization(acme, acme_admin, signed_in):
    shared = Deployment.objects.create(name="gpt", provider="openai", base_url="http://before")
    client = signed_in(acme_admin)
    assert {shared.pk} == listed(client, "deployments_deployment")
    page = client.get(address("deployments_deployment", "change", shared))
    assert (200, False) == (page.status_code, page.context["has_change_permission"])
    given = {"organization": acme.pk, "name": "stolen", "provider": "openai", "priority": "0", "weight": "1"}
    assert 403 == client.post(address("deployments_deployment", "change", shared), given).status_code
    assert 403 == client.post(address("deployments_deployment", "delete", shared), {"post": "yes"}).status_code
    assert "gpt" == Deployment.objects.get().name


def test_shared_credentials_are_not_even_seen(acme, acme_admin, signed_in):
    make_credential(None)
    client = signed_in(acme_admin)
    assert set() == listed(client, "deployments_providercredential")
    form = client.get(address("deployments_deployment", "add")).context["adminform"].form
    assert [] == list(form.fields["credential"].queryset)


def test_an_organization_names_no_upstream_address(acme, acme_admin, signed_in):
    own = make_credential(acme)
    given = {
        "organization": acme.pk,
        "name": "gpt",
        "provider": "openai",
        "priority": "0",
        "weight": "1",
        "credential": own.pk,
        "base_url": "http://169.254.169.254",
    }
    assert 302 == signed_in(acme_admin).post(address("deployments_deployment", "add"), given).status_code
    assert "" == Deployment.objects.get().base_url


@pytest.mark.parametrize("field", ["enabled", "shared_deployments", "unpriced_allowed"])
def test_an_organization_cannot_lift_what_the_operator_set(acme, acme_admin, signed_in, field: str):
    acme.enabled = acme.shared_deployments = acme.unpriced_allowed = False
    acme.save()
    given = {"name": "Acme", field: "on", "capture_content": "on"}
    assert 302 == signed_in(acme_admin).post(address("organizations_organization", "change", acme), given).status_code
    acme.refresh_from_db()
    assert (False, True) == (getattr(acme, field), acme.capture_content)
    assert 1 == Snapshot.objects.count()


@pytest.mark.parametrize("page", [*ROWS, "organizations_user"])
def test_a_mere_member_and_a_stranger_see_no_page(page, acme_member, signed_in):
    nobody = User.objects.create(username="nobody")
    assert 403 == signed_in(acme_member).get(address(page, "changelist")).status_code
    assert 302 == signed_in(nobody).get(address(page, "changelist")).status_code


def test_the_administrated_organizations_are_read_once_per_request(acme, acme_admin, rf, django_assert_num_queries):
    request = rf.get("/")
    request.user = acme_admin
    with django_assert_num_queries(1):
        assert {acme.pk} == administrated_ids(request) == administrated_ids(request)
