"""`POST /v1/quote`: what a request would cost and who would decide; it leaves no trace, whatever is sent to it."""

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.kit.doors import CHAT, DOORS, EMBEDDINGS, MESSAGES, Answer, body_for, check, post, wait_for_ingest
from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.purses import Purse, open_purses

QUOTE = "/v1/quote"
TRACES = {
    "headgate_cost_event": "event_id",
    "headgate_request_log": "request_id",
    "headgate_window": "id, spent, leased, recall_gen",
    "headgate_lease": "window_id, owner_id, remaining",
    "headgate_idempotency_key": "*",
}
FOREIGN = """
from headgate.control.organizations.operations import create_organization, save_organization
closed = create_organization("Other quoted")
closed.shared_deployments = False
save_organization(closed)
"""

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def purses(gateway: GatewayProcess) -> dict[str, Purse]:
    """One key that can afford what it asks for, one that cannot, one that may do nothing at all here."""
    gateway.control(FOREIGN)
    here = open_purses(gateway, {"rich": [{"limit": "1"}], "broke": [{"limit": "0.000000001"}]})
    return here | open_purses(gateway, {"stranger": []}, organization="Other quoted")


def traces(gateway: GatewayProcess) -> dict[str, list[dict[str, Any]]]:
    """Every row that a request could leave behind."""
    return {table: gateway.rows(f"SELECT {columns} FROM {table} ORDER BY 1") for table, columns in TRACES.items()}


@pytest.fixture(autouse=True)
def no_trace(gateway: GatewayProcess) -> Iterator[None]:
    """Nothing is in the books, the log, the windows or the leases afterwards but the request that marks the end."""
    # What requests before this one had drawn goes back by itself.
    drawn = "SELECT 1 FROM headgate_lease WHERE remaining > 0"
    wait_until(lambda: not gateway.rows(drawn), within_s=60, what="leases to be returned")
    wait_for_ingest(gateway)
    before, log_before = traces(gateway), gateway.log().count("Traceback")
    yield
    wait_for_ingest(gateway)
    after = traces(gateway)
    assert len(after["headgate_request_log"]) == len(before["headgate_request_log"]) + 1
    for table in TRACES.keys() - {"headgate_request_log"}:
        assert after[table] == before[table], table
    assert gateway.log().count("Traceback") == log_before


def quote(gateway: GatewayProcess, body: bytes, purse: Purse | None = None, **headers: str) -> Answer:
    """Ask for a quote."""
    return post(gateway, QUOTE, body, key=None if purse is None else purse.key, **headers)


@pytest.mark.parametrize("path", DOORS)
def test_a_quote_says_what_each_door_would_decide(gateway: GatewayProcess, purses: dict[str, Purse], path: str) -> None:
    answer = quote(gateway, body_for(path), purses["rich"], x_headgate_endpoint=path)
    assert answer.status == 200, answer.body
    told = json.loads(answer.body)
    assert (told["object"], told["endpoint"], told["decision"], told["reason"]) == ("quote", path, "admit", None)
    assert told["request_id"] == answer.headers["x-request-id"]
    assert 0 < told["expected"]["cost_usd"] <= told["bound"]["tight_cost_usd"] <= told["bound"]["cost_usd"]
    assert told["route"][0]["provider"] == "sim"
    own = next(budget for budget in told["budgets"] if budget["name"] == "rich 0")
    assert (own["scope"], own["subject"], own["fits"]) == ("key", purses["rich"].id, True)
    assert own["need"] == told["bound"]["cost_usd"]


def test_a_budget_without_room_makes_a_quote_depend(gateway: GatewayProcess, purses: dict[str, Purse]) -> None:
    told = json.loads(quote(gateway, body_for(CHAT), purses["broke"]).body)
    assert (told["decision"], told["reason"]) == ("depends", "Budget 'broke 0' has no room for it now.")
    own = next(budget for budget in told["budgets"] if budget["name"] == "broke 0")
    assert (own["limit"], own["spent"], own["held"], own["fits"]) == (0.000000001, 0, 0, False)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_body"),
        (b"{", "invalid_json"),
        (b"[]", "invalid_json"),
        (b"\xff\xfe", "invalid_utf8"),
        (b'{"messages": []}', "missing_field"),
        (b'{"model": 7, "messages": []}', "invalid_type"),
    ],
    ids=["empty", "cut", "list", "not-utf8", "no-model", "model-number"],
)
def test_what_is_no_request_is_refused(gateway: GatewayProcess, body: bytes, code: str) -> None:
    check(quote(gateway, body), CHAT, 400, code)
    check(quote(gateway, body, anthropic_version="2023-06-01"), MESSAGES, 400, code)


def test_an_unknown_model_is_refused_as_on_the_door(gateway: GatewayProcess) -> None:
    check(quote(gateway, body_for(CHAT, model="no-such-model")), CHAT, 404, "model_not_found")


@pytest.mark.parametrize("endpoint", ["", "/v1/nothing", "chat", "/v1/quote"])
def test_an_unknown_endpoint_is_refused_with_those_that_there_are(gateway: GatewayProcess, endpoint: str) -> None:
    answer = quote(gateway, body_for(CHAT), x_headgate_endpoint=endpoint)
    error = check(answer, CHAT, 400, "invalid_value")
    assert error["param"] == "x-headgate-endpoint"
    assert all(path in str(error["message"]) for path in DOORS)


@pytest.mark.parametrize("key", ["Bearer sk-hg-unknown", "Basic abc", ""])
def test_a_quote_needs_a_key_that_is_known(gateway: GatewayProcess, key: str) -> None:
    check(quote(gateway, body_for(CHAT), authorization=key), CHAT, 401)


def test_a_foreign_key_learns_nothing_of_a_model_that_it_may_not_use(
    gateway: GatewayProcess, purses: dict[str, Purse]
) -> None:
    check(quote(gateway, body_for(CHAT), purses["stranger"]), CHAT, 404, "model_not_found")


def test_a_huge_body_is_refused(gateway: GatewayProcess) -> None:
    check(quote(gateway, body_for(CHAT, padding="x" * 50_000_000)), CHAT, 413, "body_too_large")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_is_refused(gateway: GatewayProcess, method: str) -> None:
    address = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    connection.request(method, QUOTE, headers={"authorization": f"Bearer {gateway.key}"})
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]["code"]) == (405, "method_not_allowed")
    connection.close()


def test_embeddings_are_known_by_their_body(gateway: GatewayProcess, purses: dict[str, Purse]) -> None:
    told = json.loads(quote(gateway, body_for(EMBEDDINGS), purses["rich"]).body)
    assert told["endpoint"] == EMBEDDINGS
    assert told["bound"]["output_tokens"] == 0
