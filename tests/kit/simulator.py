"""The simulator's own bill, read out of a running gateway, and its comparison with the books."""

import contextlib
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

from tests.kit.gateway import GatewayProcess, wait_until


def bill(gateway: GatewayProcess) -> list[dict[str, Any]]:
    """Every entry of the bill, for requests that came through the gateway."""
    address = gateway.child_url("simulate")
    entries: list[dict[str, Any]] = []
    after = 0
    while True:
        with urllib.request.urlopen(f"{address}/_simulator/bill?after={after}", timeout=10) as answer:
            page = json.load(answer)
        if not page:
            return [entry for entry in entries if entry["request_id"]]
        entries += page
        after = page[-1]["sequence"]


def billed(gateway: GatewayProcess, request_id: str) -> int:
    """What the simulator billed for a request, nano-USD."""
    return next(entry["billed_nano"] for entry in bill(gateway) if entry["request_id"] == request_id)


@contextlib.contextmanager
def knobs(gateway: GatewayProcess, **settings: Any) -> Iterator[None]:
    """Turn the simulator's knobs for every request, whichever format it comes in; turned back at the end."""
    address = f"{gateway.child_url('simulate')}/_simulator/knobs"
    _call("POST", address, json.dumps(settings).encode())
    try:
        yield
    finally:
        _call("DELETE", address, None)


def _call(method: str, address: str, body: bytes | None) -> None:
    with urllib.request.urlopen(urllib.request.Request(address, data=body, method=method), timeout=10):
        pass


def settled_books(gateway: GatewayProcess, expected: list[dict[str, Any]] | int) -> list[dict[str, Any]]:
    """All cost events, once everything is there that is expected.

    Args:
        gateway: whose books.
        expected: entries of the bill, whose requests must all be in the books: events of attempts that the provider
            never saw must not make up for missing ones. Or a number of events, where every attempt is known to have one.
    """
    statement = "SELECT * FROM headgate_cost_event"
    wanted = {entry["request_id"] for entry in expected} if isinstance(expected, list) else set[str]()
    count = len(expected) if isinstance(expected, list) else expected

    def complete() -> list[dict[str, Any]] | None:
        found = gateway.rows(statement)
        there = len(found) >= count and wanted <= {event["request_id"] for event in found}
        return found if there else None

    rows: list[dict[str, Any]] = wait_until(complete, within_s=60, what=f"{count} cost events")
    return rows


def compare(books: list[dict[str, Any]], billed: list[dict[str, Any]]) -> dict[str, Any]:
    """Check books against the bill: one event per request that the provider saw, equal amounts where it is settled.

    Returns:
        Counts, for a report: requests, settled, estimated, and the sums in nano-USD.
    """
    by_request = {event["request_id"]: event for event in books}
    assert len(by_request) == len(books), "a request has two cost events"
    entries = {entry["request_id"]: entry for entry in billed}
    assert len(entries) == len(billed), "the provider saw a request twice"
    assert entries.keys() - by_request.keys() == set(), "the provider billed what the books do not have"
    wrong = {
        request_id: (by_request[request_id]["amount_nano"], entry["billed_nano"])
        for request_id, entry in entries.items()
        if not by_request[request_id]["estimated"] and by_request[request_id]["amount_nano"] != entry["billed_nano"]
    }
    assert wrong == {}, "booked and billed differ"
    short = {
        request_id: (by_request[request_id]["amount_nano"], entry["billed_nano"])
        for request_id, entry in entries.items()
        if by_request[request_id]["estimated"] and by_request[request_id]["amount_nano"] < entry["billed_nano"]
    }
    assert short == {}, "an estimate is below what was billed"
    settled = [request_id for request_id in entries if not by_request[request_id]["estimated"]]
    return {
        "requests": len(entries),
        "settled": len(settled),
        "estimated": len(entries) - len(settled),
        "unseen_by_provider": len(by_request.keys() - entries.keys()),
        "booked_settled_nano": sum(by_request[request_id]["amount_nano"] for request_id in settled),
        "billed_settled_nano": sum(entries[request_id]["billed_nano"] for request_id in settled),
    }
