"""The simulator's own endpoints: the bill, and the knobs of the process."""

import asyncio
from typing import Protocol
from urllib.parse import parse_qs

import msgspec

from headgate.simulator.bill import Bill
from headgate.simulator.knobs import NO_KNOBS, Knobs, parse_knobs
from headgate.simulator.refusals import Refusal

LARGEST_PAGE = 100_000
LONGEST_WAIT_MS = 60_000


class Controlled(Protocol):
    """What the endpoints act on."""

    bill: Bill
    knobs: Knobs


async def answer_admin(simulator: Controlled, method: str, path: str, query: bytes, body: bytes) -> bytes:
    """Serve one request below `/_simulator/`.

    Raises:
        Refusal: 400 for a parameter or knob that cannot be read, 404 for anything else.
    """
    match method, path:
        case "GET", "/_simulator/bill":
            after = _number(query, "after", 0)
            wait_ms = min(_number(query, "wait_ms", 0), LONGEST_WAIT_MS)
            await _wait_for_entry(simulator.bill, after, wait_ms)
            at_most = min(_number(query, "limit", LARGEST_PAGE), LARGEST_PAGE)
            return msgspec.json.encode(simulator.bill.read(after, at_most))
        case "DELETE", "/_simulator/bill":
            simulator.bill.clear()
            return msgspec.json.encode(simulator.bill.total())
        case "GET", "/_simulator/bill/total":
            return msgspec.json.encode(simulator.bill.total())
        case "POST", "/_simulator/knobs":
            simulator.knobs = _knobs(body)
        case "DELETE", "/_simulator/knobs":
            simulator.knobs = NO_KNOBS
        case "GET", "/_simulator/knobs":
            pass
        case _:
            raise Refusal(404, f"Nothing answers {method} {path}.", code="unknown_url")
    return msgspec.json.encode(simulator.knobs)


async def _wait_for_entry(bill: Bill, after: int, wait_ms: int) -> None:
    """Wait until the bill has an entry above `after`, at most so long."""
    try:
        async with asyncio.timeout(wait_ms / 1000):
            while wait_ms and bill.last_sequence <= after:
                arrived = asyncio.Event()
                bill.call_at_next(arrived.set)
                await arrived.wait()
    except TimeoutError:
        return


def _knobs(body: bytes) -> Knobs:
    try:
        return parse_knobs(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, f"The knobs cannot be read: {error}.") from None


def _number(query: bytes, name: str, default: int) -> int:
    values = parse_qs(query.decode("latin-1")).get(name)
    if not values:
        return default
    if not values[0].isdecimal():
        raise Refusal(400, f"'{name}' is a whole number.", param=name)
    return int(values[0])
