import pytest
from django.test import Client

from tests.unit.control.api.people import make_person

pytestmark = pytest.mark.django_db
LOGIN = "/account/login/"


@pytest.mark.parametrize("staff", [True, False])
def test_everybody_signs_in_and_out_staff_or_not(staff: bool):
    person = make_person("u1", is_staff=staff)
    person.set_password("right")
    person.save()
    client = Client(HTTP_HOST="localhost")
    assert b"u1" not in client.get(LOGIN).content
    answer = client.post(f"{LOGIN}?next=/account/", {"username": "u1", "password": "right"})
    assert (302, "/account/") == (answer.status_code, answer.headers["location"])
    assert 200 == client.get("/account/").status_code
    assert LOGIN == client.post("/account/logout/").headers["location"]
    assert f"{LOGIN}?next=/account/" == client.get("/account/").headers["location"]


def test_a_wrong_password_and_a_person_who_left_are_refused():
    person = make_person("u1")
    person.set_password("right")
    person.save()
    client = Client(HTTP_HOST="localhost")
    assert b"correct username and password" in client.post(LOGIN, {"username": "u1", "password": "wrong"}).content
    person.is_active = False
    person.save()
    assert 200 == client.post(LOGIN, {"username": "u1", "password": "right"}).status_code
    assert 302 == client.get("/account/").status_code


def test_nobody_is_led_to_another_site_after_signing_in():
    person = make_person("u1")
    person.set_password("right")
    person.save()
    form = {"username": "u1", "password": "right"}
    answer = Client(HTTP_HOST="localhost").post(f"{LOGIN}?next=https://evil.example/", form)
    assert "/account/" == answer.headers["location"]
