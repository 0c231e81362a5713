import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
LOGIN = "/admin/login/"


def sign_in(client: Client, user, **headers: str):
    user.set_password("right")
    user.save()
    page = client.get(LOGIN, **headers).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)
    form = {"username": user.username, "password": "right", "csrfmiddlewaretoken": token}
    return client.post(f"{LOGIN}?next=/admin/", form, **headers)


def test_pages_may_load_only_our_own_files():
    policy = Client(HTTP_HOST="localhost").get(LOGIN).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self' 'unsafe-eval';" in policy
    assert "http" not in policy


def test_no_page_names_an_outside_address_or_carries_an_inline_script(superuser, signed_in):
    for path in ("/admin/", "/admin/requestlog/requestlog/", "/admin/keys/virtualkey/add/"):
        page = signed_in(superuser).get(path).content.decode()
        assert [] == re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', page)
        assert [] == re.findall(r"<script(?![^>]*src=)", page)
        assert [] == re.findall(r"\son(?:click|load|submit|change)=", page)


def test_static_files_are_served_from_the_packages_without_a_collection_step():
    client = Client(HTTP_HOST="localhost")
    page = client.get(LOGIN).content.decode()
    files = re.findall(r'(?:src|href)="(/admin/static/[^"]+)"', page)
    assert len(files) > 5
    for file in files:
        answer = client.get(file)
        assert 200 == answer.status_code
        answer.close()


def test_a_login_over_plain_http_on_localhost_works(superuser):
    client = Client(enforce_csrf_checks=True)
    answer = sign_in(client, superuser, HTTP_HOST="localhost:8000", HTTP_ORIGIN="http://localhost:8000")
    assert 302 == answer.status_code
    assert not client.cookies["headgate_session"]["secure"]


def test_behind_a_proxy_that_ends_tls_cookies_are_secure_and_forms_work(superuser, settings):
    settings.ALLOWED_HOSTS = ["ai.example.org"]
    client = Client(enforce_csrf_checks=True)
    proxied = {"HTTP_HOST": "ai.example.org", "HTTP_X_FORWARDED_PROTO": "https"}
    answer = sign_in(client, superuser, **proxied, HTTP_ORIGIN="https://ai.example.org")
    assert 302 == answer.status_code
    assert client.cookies["headgate_session"]["secure"]
    assert client.cookies["headgate_session"]["httponly"]
    assert client.cookies["headgate_csrf"]["secure"]


def test_a_form_posted_from_another_site_is_refused(superuser):
    client = Client(enforce_csrf_checks=True)
    answer = sign_in(client, superuser, HTTP_HOST="localhost", HTTP_ORIGIN="http://evil.example")
    assert 403 == answer.status_code


def test_an_unknown_host_is_refused():
    assert 400 == Client(HTTP_HOST="evil.example").get(LOGIN).status_code
