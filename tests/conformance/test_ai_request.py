"""The request API on a running gateway: the seed's example, as it is written there."""

import json
from decimal import Decimal

from tests.kit.doors import post
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
