"""A node whose disk is gone: what its workers had drawn is locked until an operator decides. Rule 21."""

import json
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.gateway import GatewayProcess
from tests.kit.postgres import needs_postgres, server

pytestmark = [*needs_postgres, pytest.mark.timeout(180)]


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[GatewayProcess]]:
    url = server().filled_database()
    both = [GatewayProcess(tmp_path / name, database_url=url) for name in ("lost", "left")]
    try:
        for node in both:
            node.start()
        yield both
    finally:
        for node in both:
            node.stop()


def ask(node: GatewayProcess) -> str:
    """One request; its id."""
    body = {"model": "sim/small", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 20}
    headers = {"authorization": f"Bearer {node.key}", "connection": "close"}
    request = urllib.request.Request(f"{node.url}/v1/chat/completions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers["x-request-id"]


def owner_of(node: GatewayProcess) -> str:
    """The owner of the journal of a node's only gateway worker."""
    (journal,) = (node.data_dir / "journal").iterdir()
    return journal.name


def open_owners(node: GatewayProcess) -> set[str]:
    return {row["id"] for row in node.rows("SELECT id FROM headgate_owner WHERE state = 'open'")}


@pytest.mark.parametrize("fate", ["spent", "released"])
def test_what_a_lost_node_had_drawn_is_written_off_by_an_operator(nodes: list[GatewayProcess], fate: str):
    lost, left = nodes
    dead = owner_of(lost)
    living = owner_of(left)
    left.cost_event(ask(lost))
    lost.kill()
    shutil.rmtree(lost.data_dir)
    held = left.rows("SELECT window_id, remaining FROM headgate_lease WHERE owner_id = ? AND remaining > 0", dead)
    assert held

    listed = {line.partition(":")[0]: line for line in left.command("owner", "list").stdout.splitlines()}
    assert {living, dead} == set(listed)
    assert "this node" in listed[living]
    assert "nothing leased" not in listed[dead]

    refused = left.command("owner", "close", living, f"--{fate}", "--reason", "by mistake")
    assert (1, True) == (refused.returncode, "lies on this node" in refused.stderr)
    closed = left.command("owner", "close", dead, f"--{fate}", "--reason", "The disk is gone.")
    assert 0 == closed.returncode, closed.stderr

    assert {living} == open_owners(left)
    assert [] == left.rows("SELECT 1 FROM headgate_lease WHERE owner_id = ?", dead)
    entries = left.rows("SELECT window_id, amount FROM headgate_adjustment WHERE kind = 'lost_journal'")
    expected = {row["window_id"]: row["remaining"] if fate == "spent" else 0 for row in held}
    assert expected == {row["window_id"]: row["amount"] for row in entries}
    left.cost_event(ask(left))
    (books,) = left.rows("SELECT sum(amount_nano) AS cost FROM headgate_cost_event")
    for window, amount in expected.items():
        (row,) = left.rows("SELECT spent FROM headgate_window WHERE id = ?", window)
        assert books["cost"] + amount == row["spent"]
