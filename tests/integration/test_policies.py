"""Policies from the admin's write to the caller's refusal and the request log, through a whole gateway."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.kit.gateway import GatewayProcess
from tests.kit.postgres import DATABASES, filled_database_url_for

POLICIES = """
from decimal import Decimal
from headgate.control.organizations.models import Organization
from headgate.control.policies.models import Policy
from headgate.control.policies.operations import save_policy
organization = Organization.objects.get()
for name, fields in {
    "No large ones": {"blocked_models": ["LARGE"]},
    "Trial": {"shadow": True, "required_attribution": ["team"], "max_tokens_per_request": 500},
    "Frugal": {"max_cost_per_request_eur": Decimal("0.001")},
}.items():
    save_policy(Policy(organization=organization, name=name, **fields), actor="test")
"""
DAILY = """
from decimal import Decimal
from headgate.control.policies.models import Policy
from headgate.control.policies.operations import save_policy
policy = Policy.objects.get(name="Frugal")
policy.max_cost_per_day_eur = Decimal("0.000001")
save_policy(policy, actor="test")
"""


pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module", params=DATABASES)
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder, database_url = tmp_path_factory.mktemp("policies") / "data", filled_database_url_for(request.param)
    with GatewayProcess(folder, database_url=database_url) as running:
        running.control(POLICIES)
        running.wait_for_revision(running.revision())
        yield running


def ask(gateway: GatewayProcess, *, team: str | None = None, **body: Any) -> httpx2.Response:
    whole = {"model": "sim/small", "max_tokens": 50, "messages": [{"role": "user", "content": "Hello"}], **body}
    return httpx2.post(
        f"{gateway.url}/v1/chat/completions",
        headers={"authorization": f"Bearer {gateway.key}", **({"x-headgate-team": team} if team else {})},
        content=json.dumps(whole),
        timeout=30,
    )


def refused(answer: httpx2.Response) -> tuple[str, str | None, str]:
    assert 403 == answer.status_code, answer.text
    error = answer.json()["error"]
    return error["code"], error["param"], error["message"]


def verdicts(gateway: GatewayProcess, answer: httpx2.Response) -> list[tuple[str, str, str]]:
    stored = gateway.request_log(answer.headers["x-request-id"])["verdicts"]
    known = json.loads(stored) if isinstance(stored, str) else stored
    return [(verdict["policy"], verdict["rule"], verdict["effect"]) for verdict in known]


def test_what_passes_every_policy_is_answered_and_nothing_is_said_of_it(gateway: GatewayProcess):
    answer = ask(gateway, team="search")
    assert 200 == answer.status_code, answer.text
    assert [] == verdicts(gateway, answer)


def test_a_blocked_model_is_refused_in_the_name_of_the_policy(gateway: GatewayProcess):
    answer = ask(gateway, team="search", model="sim/large")
    code, param, message = refused(answer)
    assert ("policy_blocked", "model") == (code, param)
    assert message.startswith('Model sim/large is blocked by policy "No large ones". Choose another model.')
    assert [("No large ones", "blockedModels", "blocked")] == verdicts(gateway, answer)
    assert [] == gateway.rows("SELECT * FROM headgate_cost_event WHERE request_id = ?", answer.headers["x-request-id"])


def test_a_request_that_could_cost_too_much_is_refused_before_it_leaves(gateway: GatewayProcess):
    answer = ask(gateway, team="search", max_tokens=2_000)
    code, param, message = refused(answer)
    assert ("policy_blocked", "max_tokens") == (code, param)
    assert 'is blocked by policy "Frugal". It allows 0.00' in message
    expected = [("Frugal", "maxCostPerReqEur", "blocked"), ("Trial", "maxTokensPerReq", "would_block")]
    assert expected == verdicts(gateway, answer)


def test_a_shadow_policy_only_writes_down_what_it_would_block(gateway: GatewayProcess):
    answer = ask(gateway, max_tokens=600)
    assert 200 == answer.status_code, answer.text
    expected = [("Trial", "requiredAttribution.team", "would_block"), ("Trial", "maxTokensPerReq", "would_block")]
    assert expected == verdicts(gateway, answer)


def test_the_daily_cost_refuses_in_the_name_of_the_policy(gateway: GatewayProcess):
    gateway.control(DAILY)
    gateway.wait_for_revision(gateway.revision())
    answer = ask(gateway, team="search")
    code, _, message = refused(answer)
    assert "policy_blocked" == code
    assert 'policy "Frugal"' in message
