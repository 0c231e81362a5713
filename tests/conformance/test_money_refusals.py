"""A request that a budget does not admit is answered in its door's envelope: which budget, how it stands, what helps."""

import http.client
import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.kit.doors import CHAT, DOORS, MESSAGES, body_for, check, post, wait_for_ingest
from tests.kit.gateway import GatewayProcess
from tests.kit.purses import Purse, change_limit, charged, open_purses, spent_of, window_of

UNITS = {"money": "0.000000001 USD", "tokens": "1 tokens", "requests": "0 requests"}
WANTED = {
    "no money": [{"limit": "0.000000001"}],
    "no tokens": [{"limit": "1", "unit": "tokens", "period": "day"}],
    "no requests": [{"limit": "0", "unit": "requests", "period": "total"}],
    "one request": [{"limit": "1", "unit": "requests", "period": "total"}],
    f"clamped {CHAT}": [{"limit": "0.0002", "clamp": True}],
    f"clamped {MESSAGES}": [{"limit": "0.0002", "clamp": True}],
    "both": [{"limit": "1"}, {"scope": "team", "subject": "overlap", "limit": "0.000000001"}],
    "lowered": [{"limit": "1"}],
    "euros": [{"limit": "0.000000001", "currency": "EUR"}],
}
ENDLESS = """
import msgspec
from headgate.control.organizations.models import Organization
from headgate.control.pricing.operations import add_override
from headgate.pricing.card_ids import identified
from headgate.pricing.sim_cards import sim_cards
from headgate.control.organizations.operations import create_organization
organization = create_organization("Other endless")
card = next(card for card in sim_cards() if card.model == "echo")
changes = {"provider": "openai", "source": "admin", "priority": 100, "organization_id": organization.pk}
add_override(identified(msgspec.structs.replace(card, max_output=None, context_window=None, **changes)))
"""

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def purses(gateway: GatewayProcess) -> dict[str, Purse]:
    """Keys that can afford little."""
    return open_purses(gateway, WANTED)


@pytest.fixture(autouse=True)
def no_traceback(gateway: GatewayProcess) -> Iterator[None]:
    """Nothing here is a fault."""
    before = gateway.log().count("Traceback")
    yield
    assert gateway.log().count("Traceback") == before


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize("unit", UNITS)
def test_what_a_budget_has_no_room_for_is_refused(
    gateway: GatewayProcess, purses: dict[str, Purse], path: str, unit: str
) -> None:
    purse = purses[f"no {unit}"]
    answer = post(gateway, path, body_for(path), key=purse.key)
    error = check(answer, path, 429, "limit_exceeded")
    assert error["type"] == "rate_limit_error"
    assert error["source"] == "gateway"
    assert answer.headers["request-id"] == answer.headers["x-request-id"]
    assert answer.headers["x-should-retry"] == "false"
    message = str(error["message"])
    assert message.startswith(f"Budget 'no {unit} 0' of this virtual key allows {UNITS[unit]} per ")
    assert re.search(r": 0 \S+ are spent, 0 \S+ held; this request may use [0-9.]+ ", message)
    if unit == "requests":
        assert "It does not reset by itself." in message
        assert "retry-after" not in answer.headers
    else:
        assert re.search(r"It resets at \d{4}-\d\d-\d\dT00:00:00Z\.", message)
        assert 0 < int(answer.headers["retry-after"]) <= 31 * 86_400
    wait_for_ingest(gateway)
    assert charged(gateway, purse) == 0


def test_a_stream_that_was_not_admitted_is_refused_before_it_begins(
    gateway: GatewayProcess, purses: dict[str, Purse]
) -> None:
    for path in (CHAT, MESSAGES):
        answer = post(gateway, path, body_for(path, stream=True), key=purses["no money"].key)
        check(answer, path, 429, "limit_exceeded")
        assert answer.headers["content-type"] == "application/json"


def test_counting_tokens_is_free_of_every_budget(gateway: GatewayProcess, purses: dict[str, Purse]) -> None:
    for unit in UNITS:
        body = json.dumps({"model": "sim/small", "messages": [{"role": "user", "content": "hi"}]}).encode()
        answer = post(gateway, "/v1/messages/count_tokens", body, key=purses[f"no {unit}"].key)
        assert answer.status == 200, answer.body


def test_what_is_held_is_told_apart_from_what_is_spent(gateway: GatewayProcess, purses: dict[str, Purse]) -> None:
    purse = purses["one request"]
    address = urlsplit(gateway.url)
    running = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    simulate = {"tokens_per_second": 10, "output_tokens": 20}
    body = body_for(CHAT, stream=True, max_tokens=60, simulate=simulate)
    running.request("POST", CHAT, body, {"authorization": f"Bearer {purse.key}"})
    stream = running.getresponse()
    assert stream.status == 200
    message = check(post(gateway, CHAT, body_for(CHAT), key=purse.key), CHAT, 429, "limit_exceeded")["message"]
    assert "0 requests are spent, 1 requests held; this request may use 1 requests." in str(message)
    assert stream.read().endswith(b"data: [DONE]\n\n")
    running.close()
    assert spent_of(gateway, "one request 0", 1) == 1
    message = check(post(gateway, CHAT, body_for(CHAT), key=purse.key), CHAT, 429, "limit_exceeded")["message"]
    assert "1 requests are spent, 0 requests held" in str(message)


def test_overlapping_budgets_all_count_and_the_tightest_refuses(
    gateway: GatewayProcess, purses: dict[str, Purse]
) -> None:
    purse = purses["both"]
    answer = post(gateway, CHAT, body_for(CHAT), key=purse.key, x_headgate_team="overlap")
    assert "Budget 'both 1' of team 'overlap'" in str(check(answer, CHAT, 429, "limit_exceeded")["message"])
    # All or nothing: the wider one holds nothing for a request that the tighter one refused.
    held = window_of(gateway, "both 0")
    assert held is None or held["spent"] == 0
    answer = post(gateway, CHAT, body_for(CHAT), key=purse.key)
    assert answer.status == 200
    cost = gateway.cost_event(answer.headers["x-request-id"])["amount_nano"]
    assert spent_of(gateway, "both 0", cost) == cost
    change_limit(gateway, "both 1", "1")
    answer = post(gateway, CHAT, body_for(CHAT), key=purse.key, x_headgate_team="overlap")
    assert answer.status == 200, answer.body
    second = gateway.cost_event(answer.headers["x-request-id"])["amount_nano"]
    assert spent_of(gateway, "both 0", cost + second) == cost + second
    assert spent_of(gateway, "both 1", second) == second


def test_a_limit_below_what_is_spent_refuses_at_once_and_loses_nothing(
    gateway: GatewayProcess, purses: dict[str, Purse]
) -> None:
    key = purses["lowered"].key
    answer = post(gateway, CHAT, body_for(CHAT), key=key)
    assert answer.status == 200
    cost = gateway.cost_event(answer.headers["x-request-id"])["amount_nano"]
    assert spent_of(gateway, "lowered 0", cost) == cost

    change_limit(gateway, "lowered 0", "0.000000001")
    answer = post(gateway, CHAT, body_for(CHAT), key=key)
    message = str(check(answer, CHAT, 429, "limit_exceeded")["message"])
    assert "allows 0.000000001 USD per month: " in message
    assert f"{cost / 1e9:.9f}".rstrip("0") + " USD are spent" in message
    window = window_of(gateway, "lowered 0")
    assert window is not None
    assert (window["spent"], window["limit_amount"], window["hard_limit"]) == (cost, 1, 1)
    assert window["excess"] == max(0, cost + window["leased"] - 1)

    change_limit(gateway, "lowered 0", "1")
    answer = post(gateway, CHAT, body_for(CHAT), key=key)
    assert answer.status == 200, answer.body
    again = gateway.cost_event(answer.headers["x-request-id"])["amount_nano"]
    assert spent_of(gateway, "lowered 0", cost + again) == cost + again


def test_a_limit_in_another_currency_is_told_in_dollars(gateway: GatewayProcess, purses: dict[str, Purse]) -> None:
    error = check(post(gateway, CHAT, body_for(CHAT), key=purses["euros"].key), CHAT, 429, "limit_exceeded")
    assert "allows 0.000000001 USD per month" in str(error["message"])


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_an_answer_that_was_clamped_says_so_and_why(
    gateway: GatewayProcess, purses: dict[str, Purse], path: str
) -> None:
    answer = post(gateway, path, body_for(path, max_tokens=4_000), key=purses[f"clamped {path}"].key)
    assert answer.status == 200, answer.body
    clamped = int(answer.headers["x-headgate-clamped-max-tokens"])
    assert 0 < clamped < 4_000
    because = answer.headers["x-headgate-changed-because"]
    assert because.startswith(f"Budget 'clamped {path} 0' of this virtual key")
    assert because.endswith(" has no room for the request as it was.")
    assert float(answer.headers["x-headgate-budget-remaining-usd"]) < 0.0002
    assert gateway.request_log(answer.headers["x-request-id"])["clamped_to"] == clamped


def test_what_no_budget_could_bound_is_refused_with_the_field_that_bounds_it(gateway: GatewayProcess) -> None:
    gateway.control(ENDLESS)
    purse = open_purses(gateway, {"endless": [{"limit": "1"}]}, organization="Other endless")["endless"]
    messages = [{"role": "user", "content": "hi"}]
    body = json.dumps({"model": "chat-echo", "messages": messages}).encode()
    answer = post(gateway, CHAT, body, key=purse.key)
    error = check(answer, CHAT, 402, "cost_unbounded")
    assert (error["param"], error["type"]) == ("max_tokens", "billing_error")
    assert "set 'max_tokens'" in str(error["message"])
    assert "retry-after" not in answer.headers
    answer = post(gateway, CHAT, body_for(CHAT, model="chat-echo"), key=purse.key)
    assert answer.status == 200, answer.body
