"""Two nodes with two workers each on one Postgres: one installation, whichever node is asked."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.postgres import needs_postgres, server

pytestmark = [*needs_postgres, pytest.mark.timeout(180)]
PARKED_S = 60
"""A journal that could not be posted is tried again after half a minute at the latest."""


@pytest.fixture(scope="module")
def database_url() -> str:
    """A database that nobody has ever been in."""
    return server().empty_database()


@pytest.fixture(scope="module")
def nodes(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[GatewayProcess]]:
    """Both started at the same moment."""
    folder = tmp_path_factory.mktemp("nodes")
    both = [GatewayProcess(folder / name, workers=2, database_url=database_url) for name in ("one", "two")]
    try:
        for node in both:
            node.begin()
        for node in both:
            node.wait_until_ready()
        yield both
    finally:
        for node in both:
            node.stop()


def ask(node: GatewayProcess, key: str | None = None) -> tuple[int, str]:
    """One request; status and request id."""
    body = {"model": "sim/small", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 20}
    request = urllib.request.Request(
        f"{node.url}/v1/chat/completions",
        data=json.dumps(body).encode(),
        headers={"authorization": f"Bearer {key or node.key}", "connection": "close"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers["x-request-id"]
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers["x-request-id"]


def test_of_two_nodes_that_start_at_once_one_fills_the_database(nodes: list[GatewayProcess]):
    assert 1 == sum("sign in" in node.log() for node in nodes)
    assert [{"n": 1}] == nodes[0].rows("SELECT count(*) AS n FROM headgate_organization")
    assert [{"n": 1}] == nodes[0].rows("SELECT count(*) AS n FROM headgate_published_key")


def test_what_either_node_serves_is_in_the_same_books(nodes: list[GatewayProcess]):
    for node in nodes:
        status, request_id = ask(node)
        assert 200 == status
        for reader in nodes:
            assert reader.cost_event(request_id)["amount_nano"] == reader.request_log(request_id)["cost_nano"] > 0
    owners = nodes[0].rows("SELECT node, count(*) AS workers FROM headgate_owner WHERE state = 'open' GROUP BY node")
    assert [2, 2] == [row["workers"] for row in owners]


def test_a_key_that_is_made_at_one_node_works_at_the_other_until_it_is_revoked(nodes: list[GatewayProcess]):
    made = (
        nodes[0]
        .control(
            "from headgate.control.keys.operations import create_key\n"
            "from headgate.control.organizations.models import Organization\n"
            "print(create_key(Organization.objects.get(), 'made here').plain)\n"
        )
        .strip()
    )
    wait_until(lambda: ask(nodes[1], made)[0] == 200, what="the other node to know the key")
    nodes[0].control(
        "from headgate.control.keys.models import VirtualKey\n"
        "from headgate.control.keys.operations import revoke_key\n"
        "revoke_key(VirtualKey.objects.get(name='made here'))\n"
    )
    wait_until(lambda: ask(nodes[1], made)[0] == 401, what="the other node to refuse the key")


def test_connections_that_are_cut_stop_nothing(nodes: list[GatewayProcess], database_url: str):
    for _ in range(5):
        wait_until(lambda: server().terminate_connections(database_url) > 0, what="connections to cut")
        for node in nodes:
            wait_until(lambda node=node: ask(node)[0] == 200, what="the node to serve again")
    status, request_id = ask(nodes[0])
    assert 200 == status
    assert nodes[1].cost_event(request_id, within_s=PARKED_S)["amount_nano"] > 0


def test_while_the_database_is_away_nothing_is_served_that_is_not_booked_once_it_is_back(nodes: list[GatewayProcess]):
    with server().away():
        asked = [ask(node) for node in nodes for _ in range(5)]
    assert {status for status, _ in asked} <= {200, 503}
    for node in nodes:
        wait_until(lambda node=node: ask(node)[0] == 200, what="the node to serve again")
    booked = [nodes[0].cost_event(request_id, within_s=PARKED_S) for status, request_id in asked if status == 200]
    assert all(event["amount_nano"] > 0 for event in booked)
    refused = [request_id for status, request_id in asked if status == 503]
    assert [] == nodes[0].rows("SELECT event_id FROM headgate_cost_event WHERE request_id = ANY(?)", refused)
    print(f"\n{len(booked)} served while the database was away, {len(refused)} refused")


def test_a_node_that_stops_closes_its_books_and_the_other_goes_on(nodes: list[GatewayProcess]):
    status, request_id = ask(nodes[0])
    assert 200 == status
    nodes[0].stop()
    assert [] == list((nodes[0].data_dir / "journal").iterdir())
    assert nodes[1].cost_event(request_id)["amount_nano"] > 0
    assert 2 == len(nodes[1].rows("SELECT id FROM headgate_owner WHERE state = 'open'"))
    assert 200 == ask(nodes[1])[0]
