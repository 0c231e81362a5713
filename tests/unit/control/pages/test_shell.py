import re

import pytest
from django.db import OperationalError
from django.http import HttpResponse

from headgate.control.pages.shell import page_of, show
from headgate.domain.errors import Forbidden
from tests.unit.control.api.people import CALLERS, make_person, session_of

pytestmark = pytest.mark.django_db


def sidebar(client) -> list[str]:
    page = client.get("/account/").content.decode()
    return re.findall(r'<a href="([^"]+)" class="flex h-\[38px\]', page)


def test_the_sidebar_has_what_a_person_may_open(acme, other):
    person = sidebar(CALLERS["user"].make(acme, other))
    assert "/account/" in person
    assert [] == [page for page in person if page.startswith("/admin/")]
    assert "/admin/" in sidebar(CALLERS["organization admin"].make(acme, other))


def test_whoever_signed_in_has_a_name_and_a_way_out(acme):
    page = session_of(make_person("u1", member_of=acme)).get("/account/").content.decode()
    assert 'action="/account/logout/"' in page
    assert "u1" in page


def test_pages_are_nobody_elses_and_carry_no_inline_script(acme):
    answer = session_of(make_person("u1", member_of=acme)).get("/account/")
    page = answer.content.decode()
    assert "private, no-store" == answer.headers["Cache-Control"]
    assert [] == re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', page)
    assert [] == re.findall(r"<script(?![^>]*src=)", page)


def test_nobody_is_led_to_the_page_where_one_signs_in():
    answer = session_of(None).get("/account/?a=1")
    assert (302, "/account/login/?next=/account/%3Fa%3D1") == (answer.status_code, answer.headers["location"])


def test_what_is_refused_is_a_page(rf, acme):
    def refusing(_: object) -> HttpResponse:
        raise Forbidden("Not <you>.", code="admins_only")

    request = rf.get("/account/")
    request.user = make_person("u1", member_of=acme)
    answer = page_of(refusing)(request)
    assert 403 == answer.status_code
    assert b"Not &lt;you&gt;." in answer.render().content


def test_a_database_that_is_locked_or_away_is_a_page_that_needs_none(rf, acme, caplog):
    def locked(_: object) -> HttpResponse:
        raise OperationalError("database is locked")

    request = rf.get("/account/?a=<b>")
    request.user = make_person("u1", member_of=acme)
    answer = page_of(locked)(request)
    assert (503, "5") == (answer.status_code, answer.headers["Retry-After"])
    assert b"The database is busy" in answer.content
    assert b'href="/account/?a=%3Cb%3E"' in answer.content
    assert b"database is locked" not in answer.content


def test_a_database_that_goes_away_under_the_frame_is_noticed_too(rf, acme, monkeypatch):
    def away(_: object) -> None:
        raise OperationalError("away")

    def page(request):
        monkeypatch.setattr("django.template.response.SimpleTemplateResponse.rendered_content", property(away))
        return show(request, "headgate/account.html", "x", {})

    request = rf.get("/account/")
    request.user = make_person("u1", member_of=acme)
    assert 503 == page_of(page)(request).status_code
