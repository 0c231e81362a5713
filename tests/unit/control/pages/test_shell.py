import re

import pytest
from django.http import HttpResponse

from headgate.control.pages.shell import page_of
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
