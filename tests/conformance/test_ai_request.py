"""The request API on a running gateway: the seed's example, as it is written there."""

import json
import re
from decimal import Decimal

import httpx2

from tests.kit.doors import post
from tests.kit.environment import PASSWORD
from tests.kit.gateway import GatewayProcess
from tests.kit.simulator import bill

PATH = "/api/ai/request"
BODY = {"model": "sim/small", "prompt": "Say hello", "teamId": "team-123", "projectId": "project-456", "maxTokens": 40}


def test_the_seeds_example_is_answered_priced_and_booked_once(gateway: GatewayProcess):
    answer = post(gateway, PATH, json.dumps(BODY).encode())
    told = json.loads(answer.body, parse_float=Decimal)
    assert (200, True) == (answer.status, told["success"])
    event = gateway.cost_event(told["requestId"])
    assert ("team-123", "project-456", PATH) == (event["team"], event["project"], event["endpoint"])
    assert told["costUsd"] * 10**9 == event["amount_nano"]
    assert told["estimatedCostEur"] > 0
    (billed,) = [entry for entry in bill(gateway) if entry["request_id"] == told["requestId"]]
    assert event["amount_nano"] == billed["billed_nano"]


def test_without_a_key_nobody_is_asked(gateway: GatewayProcess):
    answer = post(gateway, PATH, json.dumps(BODY).encode(), key="sk-hg-nobody-has-this-key-0123456789")
    told = json.loads(answer.body)
    assert (401, False, "invalid_api_key") == (answer.status, told["success"], told["code"])


def test_a_person_who_is_signed_in_asks_without_a_key_and_is_charged(gateway: GatewayProcess):
    with httpx2.Client(base_url=gateway.url, follow_redirects=True) as browser:
        page = browser.get("/admin/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None
        form = {"username": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token[1], "next": "/admin/"}
        assert 200 == browser.post("/admin/login/", data=form, headers={"referer": gateway.url}).status_code
        csrf = {"x-csrftoken": browser.cookies["headgate_csrf"], "origin": gateway.url}
        told = browser.post(PATH, json=BODY, headers=csrf)
        assert 200 == told.status_code, told.text
        assert "admin" == gateway.cost_event(told.json()["requestId"])["end_user"]
        from_elsewhere = browser.post(PATH, json=BODY, headers={"origin": "http://elsewhere.example"})
        assert (403, "csrf_failed") == (from_elsewhere.status_code, from_elsewhere.json()["code"])
        assert 404 == browser.post("/internal/session-key", headers=csrf).status_code
    with httpx2.Client(base_url=gateway.url) as stranger:
        refused = stranger.post(PATH, json=BODY, headers={"cookie": "headgate_session=nobody"})
        assert (403, False) == (refused.status_code, refused.json()["success"])
