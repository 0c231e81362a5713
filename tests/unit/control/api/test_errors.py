import pytest
from django.test import Client, RequestFactory
from ninja.errors import HttpError

from headgate.control.api import analytics
from headgate.control.api.errors import fault, refusal, request_id_of
from headgate.domain.errors import Forbidden
from tests.unit.control.api.conftest import ANALYTICS
from tests.unit.control.api.people import session_of


def test_a_call_has_one_id():
    call = RequestFactory().get("/")
    assert request_id_of(call) == request_id_of(call)
    assert request_id_of(call) != request_id_of(RequestFactory().get("/"))
    assert request_id_of(call).startswith("aigw_")


def test_a_refusal_says_what_a_door_would():
    call = RequestFactory().get("/")
    answer = refusal(call, Forbidden("Not you.", code="admins_only"))
    request_id = request_id_of(call)
    assert (403, request_id) == (answer.status_code, answer["x-request-id"])
    import json

    assert {
        "message": f"Not you. (request {request_id})",
        "type": "permission_error",
        "param": None,
        "code": "admins_only",
        "source": "gateway",
        "request_id": request_id,
    } == json.loads(answer.content)["error"]


def test_a_fault_shows_nothing_but_its_id():
    assert b"internal_error" in fault(RequestFactory().get("/")).content


@pytest.mark.django_db
@pytest.mark.parametrize("error", [RuntimeError("secret"), HttpError(418, "secret")])
def test_what_breaks_inside_is_logged_and_not_shown(superuser, monkeypatch: pytest.MonkeyPatch, caplog, error):
    def breaks(*_: object) -> None:
        raise error

    monkeypatch.setattr(analytics, "overview", breaks)
    client = session_of(superuser)
    client.raise_request_exception = False
    answer = client.get(f"{ANALYTICS}/system/")
    assert (500, "internal_error") == (answer.status_code, answer.json()["error"]["code"])
    assert b"secret" not in answer.content


@pytest.mark.django_db
def test_a_body_that_is_no_json_is_refused(superuser):
    answer = session_of(superuser).post(f"{ANALYTICS}/user/u1/reset/", data="[", content_type="application/json")
    assert (400, "invalid_json") == (answer.status_code, answer.json()["error"]["code"])


def test_nobody_is_told_so(db):
    assert "missing_api_key" == Client(HTTP_HOST="localhost").get("/costs").json()["error"]["code"]
