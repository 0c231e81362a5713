import pytest
from django.http import HttpResponse, HttpResponseServerError
from django.test import Client, RequestFactory

from headgate.control.api.middleware import ApiAnswers

pytestmark = pytest.mark.django_db


def code(answer: HttpResponse) -> tuple[int, str]:
    import json

    return answer.status_code, json.loads(answer.content)["error"]["code"]


def test_what_is_not_there_is_said_in_the_envelope():
    client = Client(HTTP_HOST="localhost")
    assert (404, "no_such_endpoint") == code(client.get("/api/v2/"))
    assert (404, "no_such_endpoint") == code(client.get("/costs/of/nothing"))
    answer = client.delete("/costs")
    assert (405, "method_not_allowed", "GET") == (*code(answer), answer["allow"])


def test_another_host_is_refused_in_the_envelope():
    assert (400, "invalid_host") == code(Client(HTTP_HOST="elsewhere.example").get("/api/openapi.json"))


def test_a_fault_of_the_framework_is_said_in_the_envelope():
    broken = ApiAnswers(lambda _: HttpResponseServerError("<h1>oh</h1>"))
    assert (500, "internal_error") == code(broken(RequestFactory().get("/api/x")))


def test_every_answer_has_an_id():
    assert Client(HTTP_HOST="localhost").get("/api/openapi.json")["x-request-id"].startswith("aigw_")


def test_pages_are_left_as_they_are():
    assert "x-request-id" not in Client(HTTP_HOST="localhost").get("/admin/nothing")
