"""`python -m bench.growth`: what a request costs with 1, 1,000 and 100,000 keys and budgets, and what publishing does.

Requests come from the same few keys or users each time, so that what is compared is the number of those that exist.
While the last and largest snapshot is published once more, requests go on: the slowest of them shows how long a worker
stood still.
"""

import argparse
import json
import sys
import tempfile
import threading
from pathlib import Path

import msgspec

from bench.bodies import chat
from bench.fill import MANY_KEYS_START
from bench.gateway import KEY, Gateway
from bench.measuring import RESULTS, Test, fire, measure, write
from bench.processes import Running, start_upstream

COUNTS = (1, 1_000, 100_000)
HOT = 64
"""Keys or users that really ask."""
CONNECTIONS = 16


class Growth(msgspec.Struct, frozen=True):
    """What one size gave."""

    what: str
    count: int
    cpu_us: float
    p50_ms: float
    peak_mb: float
    filled_s: float
    """Time that it took the control plane to write and publish all of it."""
    slowest_ms: float | None = None
    """The slowest request of one client during a publication; None: not published again."""
    quiet_ms: float | None = None
    """The slowest when nothing is published: what the machine itself does to one."""


def one(upstream: Running, what: str, count: int, seconds: float) -> Growth:
    """One gateway with so many."""
    hot = min(count, HOT)
    with tempfile.TemporaryDirectory() as name:
        gateway = Gateway(upstream.url, Path(name) / "data")
        try:
            headers: tuple[str, ...] = (f"authorization: Bearer {MANY_KEYS_START}{{n}}",)
            if what == "budgets of users":
                filled = gateway.fill("many_users", count=count)
                headers = (f"authorization: Bearer {KEY}", "x-headgate-user: user-{n}")
            else:
                filled = gateway.fill("many_keys", count=count, budgets=what == "keys with budgets")
            load = Test(what, chat(1_000), CONNECTIONS, seconds, headers=headers, subjects=hot)
            measure(gateway, msgspec.structs.replace(load, seconds=2))
            figures = measure(gateway, load)
            growth = Growth(what, count, figures.cpu_us, figures.p50_ms, figures.peak_mb, filled)
            if what == "budgets of users":
                one_client = msgspec.structs.replace(load, connections=1, seconds=2)
                growth = msgspec.structs.replace(
                    growth,
                    quiet_ms=fire(gateway, one_client)["slowest_ms"],
                    slowest_ms=during_publication(gateway, one_client),
                )
        finally:
            gateway.stop()
    if figures.bad:
        sys.exit(f"{figures.bad} requests failed with {count} {what}")
    return growth


def during_publication(gateway: Gateway, load: Test) -> float:
    """Publish while a client asks; milliseconds that its slowest request took."""
    publication = threading.Thread(target=gateway.fill, args=("publish",))
    publication.start()
    slowest = 0.0
    while publication.is_alive():
        slowest = max(slowest, fire(gateway, load)["slowest_ms"])
    publication.join()
    return slowest


def show(growth: Growth) -> None:
    """One line."""
    pause = ""
    if growth.slowest_ms is not None:
        pause = f"  slowest {growth.slowest_ms:.1f} ms during a publication, {growth.quiet_ms:.1f} without"
    print(
        f"{growth.count:>8,} {growth.what:18} {growth.cpu_us:8.1f} us  p50 {growth.p50_ms:6.2f} ms  "
        f"{growth.peak_mb:5.0f} MB  filled in {growth.filled_s:5.1f} s{pause}",
        flush=True,
    )


def main() -> int:
    """Read the options, run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--counts", type=json.loads, default=list(COUNTS), help="a JSON list")
    args = parser.parse_args()
    found: list[Growth] = []
    upstream = start_upstream()
    try:
        for what in ("keys", "keys with budgets", "budgets of users"):
            for count in args.counts:
                found.append(one(upstream, what, count, args.seconds))
                show(found[-1])
    finally:
        upstream.stop()
    write(RESULTS / "growth.json", found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
