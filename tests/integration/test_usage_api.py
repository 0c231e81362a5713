"""Limits of a day from the call that sets them to the call that they refuse, through a whole gateway: seed 003."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.postgres import DATABASES, filled_database_url_for
from tests.kit.sessions import signed_in

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module", params=DATABASES)
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder, database_url = tmp_path_factory.mktemp("usage") / "data", filled_database_url_for(request.param)
    with GatewayProcess(folder, database_url=database_url) as running:
        yield running


@pytest.fixture(scope="module")
def admin(gateway: GatewayProcess) -> Iterator[httpx2.Client]:
    with signed_in(gateway) as client:
        yield client


def ask(gateway: GatewayProcess) -> httpx2.Response:
    body = {"model": "sim/small", "max_tokens": 40, "messages": [{"role": "user", "content": "Hello"}]}
    return httpx2.post(
        f"{gateway.url}/v1/chat/completions",
        headers={"authorization": f"Bearer {gateway.key}"},
        json=body,
        timeout=30,
    )


def usage(gateway: GatewayProcess) -> Any:
    """As a key reads it: amounts exactly."""
    answer = httpx2.get(f"{gateway.url}/api/v1/ai/usage", headers={"authorization": f"Bearer {gateway.key}"})
    assert 200 == answer.status_code, answer.text
    return json.loads(answer.content, parse_float=Decimal)


def put(gateway: GatewayProcess, admin: httpx2.Client, **limits: Any) -> Any:
    answer = admin.post("/api/v1/ai/budget", json=limits)
    assert 200 == answer.status_code, answer.text
    gateway.wait_for_revision(gateway.revision())
    return answer.json()


def test_a_limit_of_tokens_binds_at_once_and_usage_follows_every_call(gateway: GatewayProcess, admin: httpx2.Client):
    before = usage(gateway)
    assert (None, 0) == (before["tokens_limit"], before["tokens_used"])
    put(gateway, admin, daily_token_limit=300, soft=False)
    total = 0
    while (answer := ask(gateway)).status_code == 200:
        total += answer.json()["usage"]["total_tokens"]
        told = usage(gateway)
        # Without waiting for anything: what is not posted yet is held.
        assert total <= told["tokens_used"] + told["tokens_held"] <= told["tokens_limit"] == 300
    assert (429, "limit_exceeded") == (answer.status_code, answer.json()["error"]["code"])
    assert "Daily tokens" in answer.json()["error"]["message"]
    told = wait_until(
        lambda: found if (found := usage(gateway))["tokens_used"] == total and found["last_refusal"] else None,
        what="everything to be posted",
    )
    assert 0 < total == sum(hour["tokens"] for hour in told["hours"])
    assert (True, "exceeded") == (told["over_limit"], told["tokens_level"])
    assert "Daily tokens" in told["warnings"][0]

    reset = admin.post("/api/v1/ai/reset-daily", json={"reason": "a test"}, headers={"idempotency-key": "once"})
    assert [("Daily tokens", total)] == [(each["budget"], each["spent"]) for each in reset.json()["reset"]]
    gateway.wait_for_revision(gateway.revision())
    told = usage(gateway)
    assert (0, False, []) == (told["tokens_used"], told["over_limit"], told["warnings"])
    again = admin.post("/api/v1/ai/reset-daily", json={"reason": "a test"}, headers={"idempotency-key": "once"})
    assert [] == again.json()["reset"]
    assert 200 == ask(gateway).status_code
    put(gateway, admin, daily_token_limit=None)


def test_the_same_limit_from_many_at_once_is_one_budget(gateway: GatewayProcess, admin: httpx2.Client):
    limits = {"daily_token_limit": 123_456, "daily_cost_limit": 7}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: admin.post("/api/v1/ai/budget", json=limits), range(8)))
    assert {200} == {answer.status_code for answer in answers}
    assert [0] * 7 + [2] == sorted(len(answer.json()["changed"]) for answer in answers)
    live = gateway.rows("SELECT unit FROM headgate_budget WHERE scope = 'organization' AND retired_at IS NULL")
    assert ["money", "tokens"] == sorted(row["unit"] for row in live)
    put(gateway, admin, daily_token_limit=None, daily_cost_limit=None)


def test_a_limit_in_pounds_binds_and_is_told_in_pounds(gateway: GatewayProcess, admin: httpx2.Client):
    put(gateway, admin, daily_cost_limit_gbp="0.00000001", soft=False)
    refused = ask(gateway)
    assert (429, True) == (refused.status_code, "Daily cost" in refused.json()["error"]["message"])
    assert Decimal("0.00000001") == usage(gateway)["cost_limit_gbp"]
    assert ["daily_cost_limit"] == put(gateway, admin, daily_cost_limit_gbp=1)["changed"]
    assert [] == put(gateway, admin, daily_cost_limit_gbp=1)["changed"]
    event = gateway.cost_event(ask(gateway).headers["x-request-id"])
    told = wait_until(lambda: found if (found := usage(gateway))["cost_gbp"] else None, what="a cost")
    assert event["amount_nano"] > 0
    assert told["cost_usd"] > told["cost_gbp"] > 0
    put(gateway, admin, daily_cost_limit=None)
    assert [] == usage(gateway)["budgets"]
