from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from headgate.control.navigation import UNFOLD, is_at, staff_only, superuser_only


def test_only_a_superuser_is_the_operator():
    for expected in (True, False):
        assert expected == superuser_only(SimpleNamespace(user=SimpleNamespace(is_superuser=expected)))


@pytest.mark.parametrize(
    ("active", "staff", "expected"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_the_admin_is_for_staff(active: bool, staff: bool, expected: bool):
    assert expected == staff_only(SimpleNamespace(user=SimpleNamespace(is_active=active, is_staff=staff)))


@pytest.mark.django_db
def test_every_page_is_in_the_sidebar_and_exists(superuser, signed_in, settings):
    settings.DEV_TOOLS = True
    client: Client = signed_in(superuser)
    pages = [item["link"] for group in UNFOLD["SIDEBAR"]["navigation"] for item in group["items"]]
    assert {200} == {client.get(str(page)).status_code for page in pages}
    changelists = {reverse(f"admin:{m._meta.app_label}_{m._meta.model_name}_changelist") for m in admin.site._registry}
    assert {reverse("admin:index"), *changelists} <= {str(page) for page in pages}


@pytest.mark.django_db
def test_an_organization_admin_does_not_see_people(acme_admin, signed_in):
    client: Client = signed_in(acme_admin)
    assert b"/admin/organizations/user/" not in client.get("/admin/").content
    assert 403 == client.get("/admin/organizations/user/").status_code


@pytest.mark.django_db
def test_one_entry_is_marked_as_the_page_that_is_open(superuser, signed_in, settings):
    settings.DEV_TOOLS = True
    client: Client = signed_in(superuser)
    for group in UNFOLD["SIDEBAR"]["navigation"]:
        for item in group["items"]:
            page = client.get(str(item["link"]), HTTP_ACCEPT="text/html").content.decode()
            assert 1 == page.count("dark:text-primary-500 active"), item["title"]


@pytest.mark.parametrize(
    ("path", "marked"),
    [("/admin/ai", True), ("/admin/ai/x", True), ("/admin/ai-analytics/", False), ("/admin/", False)],
)
def test_a_page_is_marked_on_itself_and_below(rf, path: str, marked: bool):
    assert marked == is_at("/admin/ai", rf.get(path))
    assert marked == is_at("/admin/ai/", rf.get(path))
    assert is_at("/admin/ai-analytics/", rf.get("/admin/ai-analytics/users/"))
