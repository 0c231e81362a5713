"""What real clients do: a test says it in a mark, and docs/reference/clients.md lists the marks.

The marks are read out of the source (scripts/list_clients.py), so that the page depends neither on the order of a run
nor on which tests were chosen; what a mark says is literal. That it is true is what the marked test is for.
"""

from typing import Any

import pytest

from tests.kit.doors import wait_for_ingest
from tests.kit.gateway import GatewayProcess
from tests.kit.simulator import bill

TEAM = "x-headgate-team"


def client(name: str, *, door: str, feature: str) -> pytest.MarkDecorator:
    """Say what a test shows.

    Args:
        name: of the client's package, as its registry has it.
        door: path of the door that it calls.
        feature: what it does there, in a word or two.
    """
    return pytest.mark.client(name, door=door, feature=feature)


def paid_calls(gateway: GatewayProcess, team: str) -> list[dict[str, Any]]:
    """The cost events of a team's calls, oldest first, each checked against the simulator's own bill.

    A client that hides the answer's headers tells no request ids: what it did is found by the team in its headers.
    """
    wait_for_ingest(gateway)
    events = gateway.rows("SELECT * FROM headgate_cost_event WHERE team = ? ORDER BY occurred_at", team)
    ids = {event["request_id"] for event in events}
    billed = {entry["request_id"]: entry["billed_nano"] for entry in bill(gateway) if entry["request_id"] in ids}
    assert {event["request_id"]: event["amount_nano"] for event in events} == billed
    assert len(events) == len(billed)
    assert all(event["estimated"] == 0 for event in events)
    return events
