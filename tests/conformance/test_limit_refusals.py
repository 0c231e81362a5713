"""Policies, rate limits and idempotency keys say no: in the door's envelope, with what a client needs to go on."""

import json
from collections.abc import Iterator

import pytest

from tests.kit.doors import CHAT, DOORS, MESSAGES, Answer, body_for, check, post, wait_for_ingest
from tests.kit.gateway import GatewayProcess
from tests.kit.purses import Purse, charged, open_purses

GOVERNED = """
from headgate.control.organizations.operations import create_organization
from headgate.control.policies.models import Policy
from headgate.control.policies.operations import save_policy
organization = create_organization("Other governed")
save_policy(
    Policy(
        organization=organization,
        name="Production Policy",
        blocked_models=["sim/large"],
        max_tokens_per_request=900,
        required_attribution=["team"],
    ),
    actor="test",
)
"""
LIMITED = {
    "slow": [{"requests_per_minute": 3}],
    "few tokens": [{"tokens_per_minute": 400}],
    "twice": [],
}

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def governed(gateway: GatewayProcess) -> Purse:
    """A key of an organization with a policy."""
    gateway.control(GOVERNED)
    return open_purses(gateway, {"governed": []}, organization="Other governed")["governed"]


@pytest.fixture(scope="module")
def limited(gateway: GatewayProcess) -> dict[str, Purse]:
    """Keys with rate limits."""
    return open_purses(gateway, LIMITED)


@pytest.fixture(autouse=True)
def no_traceback(gateway: GatewayProcess) -> Iterator[None]:
    """Nothing here is a fault."""
    before = gateway.log().count("Traceback")
    yield
    assert gateway.log().count("Traceback") == before


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_a_blocked_model_is_refused_in_the_policys_name(gateway: GatewayProcess, governed: Purse, path: str) -> None:
    body = body_for(path, model="sim/large")
    answer = post(gateway, path, body, key=governed.key, x_headgate_team="a")
    error = check(answer, path, 403, "policy_blocked")
    assert (error["param"], error["type"]) == ("model", "permission_error")
    assert str(error["message"]).startswith('Model sim/large is blocked by policy "Production Policy".')
    assert "retry-after" not in answer.headers
    wait_for_ingest(gateway)
    assert charged(gateway, governed) == 0


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_what_may_take_too_many_tokens_names_the_field(gateway: GatewayProcess, governed: Purse, path: str) -> None:
    body = body_for(path, max_tokens=1_000)
    error = check(post(gateway, path, body, key=governed.key, x_headgate_team="a"), path, 403, "policy_blocked")
    assert error["param"] == "max_tokens"
    assert "It allows 900 tokens" in str(error["message"])


@pytest.mark.parametrize("path", DOORS)
def test_a_missing_attribution_names_the_header(gateway: GatewayProcess, governed: Purse, path: str) -> None:
    error = check(post(gateway, path, body_for(path), key=governed.key), path, 403, "policy_blocked")
    assert error["param"] == "x-headgate-team"
    assert 'A request without its team is blocked by policy "Production Policy"' in str(error["message"])


def test_a_rate_limit_counts_down_and_then_refuses_on_every_door(
    gateway: GatewayProcess, limited: dict[str, Purse]
) -> None:
    key = limited["slow"].key
    for remaining, path in zip("210", DOORS[:3], strict=True):
        answer = post(gateway, path, body_for(path), key=key)
        assert answer.status == 200, answer.body
        told = {name: value for name, value in answer.headers.items() if name.startswith("x-ratelimit-")}
        assert told == {
            "x-ratelimit-limit-requests": "3",
            "x-ratelimit-remaining-requests": remaining,
            "x-ratelimit-reset-requests": "1m1s",
        }
    for path in DOORS:
        answer = post(gateway, path, body_for(path), key=key)
        error = check(answer, path, 429, "rate_limit_exceeded")
        assert (error["type"], error["param"]) == ("rate_limit_error", None)
        assert "at its limit of 3 requests per minute. Retry in " in str(error["message"])
        assert 0 < int(answer.headers["retry-after"]) <= 61
        assert "x-should-retry" not in answer.headers
        assert answer.headers["x-ratelimit-limit-requests"] == "3"
        assert answer.headers["x-ratelimit-remaining-requests"] == "0"
        assert "x-ratelimit-reset-requests" in answer.headers
    wait_for_ingest(gateway)
    assert charged(gateway, limited["slow"]) == 3


def test_a_limit_of_tokens_tells_what_would_help(gateway: GatewayProcess, limited: dict[str, Purse]) -> None:
    key = limited["few tokens"].key
    first = post(gateway, CHAT, body_for(CHAT), key=key)
    assert first.status == 200, first.body
    assert first.headers["x-ratelimit-limit-tokens"] == "400"
    answer = post(gateway, CHAT, body_for(CHAT, max_tokens=4_000), key=key)
    message = str(check(answer, CHAT, 429, "rate_limit_exceeded")["message"])
    assert "at its limit of 400 tokens per minute." in message
    assert "lower max_tokens" in message
    assert answer.headers["x-ratelimit-limit-tokens"] == "400"


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9", "a\tb"], ids=["empty", "long", "letters", "tab"])
def test_a_bad_idempotency_key_is_refused(
    gateway: GatewayProcess, limited: dict[str, Purse], path: str, key: str
) -> None:
    answer = post(gateway, path, body_for(path), key=limited["twice"].key, idempotency_key=key)
    error = check(answer, path, 400, "invalid_value")
    assert error["param"] == "idempotency-key"


@pytest.mark.parametrize("path", DOORS)
def test_a_key_that_was_used_for_another_body_is_refused_for_good(
    gateway: GatewayProcess, limited: dict[str, Purse], path: str
) -> None:
    def again(body: bytes) -> Answer:
        return post(gateway, path, body, key=limited["twice"].key, idempotency_key=f"one {path}")

    wait_for_ingest(gateway)
    before = charged(gateway, limited["twice"])
    first, second = again(body_for(path)), again(body_for(path))
    assert (first.status, second.status, second.body) == (200, 200, first.body)
    assert second.headers["x-headgate-idempotent-replay"] == "true"
    assert second.headers["x-headgate-original-request-id"] == first.headers["x-request-id"]
    assert second.headers["x-headgate-cost-usd"] == "0"
    other = again(body_for(path, user="another"))
    error = check(other, path, 409, "idempotency_key_reused")
    assert error["param"] == "idempotency-key"
    assert other.headers["x-should-retry"] == "false"
    assert first.headers["x-request-id"] in json.dumps(error)
    wait_for_ingest(gateway)
    assert charged(gateway, limited["twice"]) == before + 1
