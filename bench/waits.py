"""`python -m bench.waits`: how long a request takes that finds its hold, that has to draw, and that a budget refuses.

One client asks, one request after the other, so that nothing but the path itself is seen; a burst of cold users is
what a worker meets at midnight, when every window is a new one.
"""

import argparse
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from bench.bodies import chat
from bench.gateway import KEY, Gateway
from bench.measuring import RESULTS, Test, fire, write
from bench.processes import start_upstream

_AUTHORIZED = (f"authorization: Bearer {KEY}",)
_ALL = 10**9
"""Subjects: each request another one."""


class Waits(msgspec.Struct, frozen=True):
    """What one kind of request saw."""

    kind: str
    answered: int
    p50_ms: float
    p99_ms: float
    refused: int
    refused_p50_ms: float
    refused_p99_ms: float


def loads(seconds: float) -> list[Test]:
    """Every kind, the warm one first."""
    body, slow = chat(1_000), chat(1_000, slow=True)
    return [
        Test("warm window", body, 1, seconds, headers=("x-headgate-user: anna",)),
        Test("cold window", body, 1, seconds, headers=("x-headgate-user: cold-{n}",), subjects=_ALL),
        Test("cold windows, 64 at once", body, 64, seconds, headers=("x-headgate-user: burst-{n}",), subjects=_ALL),
        # Nothing that comes back could help: refused by what the worker knows.
        Test("exhausted window", body, 1, seconds, headers=("x-headgate-team: poor",)),
        # Room for a few: the others wait for what those give back, and are refused after 300 ms or when it is spent.
        Test("held window", slow, 32, seconds, headers=("x-headgate-team: narrow",), until_refused=True),
    ]


def run(upstream: str, seconds: float) -> list[Waits]:
    """All kinds on one gateway."""
    found: list[Waits] = []
    with tempfile.TemporaryDirectory() as name:
        gateway = Gateway(upstream, Path(name) / "data")
        try:
            hold = gateway.hold(chat(1_000, slow=True))
            gateway.fill("budgets", budgets=budgets(hold))
            fire(gateway, Test("warm-up", chat(1_000), 8, 2), _AUTHORIZED)
            for load in loads(seconds):
                found.append(seen(load.name, fire(gateway, load, _AUTHORIZED)))
                show(found[-1])
        finally:
            gateway.stop()
    return found


def budgets(hold: Decimal) -> list[dict[str, str]]:
    """Of each user: plenty. Of one team less than a hold, of another three."""
    teams = {"poor": hold / 2, "narrow": hold * 3}
    return [
        {"name": "each user", "scope": "user", "period": "day", "limit": "100000"},
        *(
            {"name": team, "scope": "team", "subject": team, "period": "total", "limit": str(limit)}
            for team, limit in teams.items()
        ),
    ]


def seen(kind: str, figures: dict[str, Any]) -> Waits:
    """Out of what the load client printed."""
    if figures["bad"]:
        sys.exit(f"{figures['bad']} requests failed: {kind}")
    shared = {name: figures[name] for name in Waits.__struct_fields__ if name in figures}
    return Waits(kind=kind, answered=figures["ok"], **shared)


def show(waits: Waits) -> None:
    """One line."""
    print(
        f"{waits.kind:26} {waits.answered:6} answered  p50 {waits.p50_ms:7.2f}  p99 {waits.p99_ms:7.2f} ms   "
        f"{waits.refused:6} refused  p50 {waits.refused_p50_ms:7.2f}  p99 {waits.refused_p99_ms:7.2f} ms",
        flush=True,
    )


def main() -> int:
    """Read the options, run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench.waits", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    args = parser.parse_args()
    upstream = start_upstream()
    try:
        found = run(upstream.url, args.seconds)
    finally:
        upstream.stop()
    write(RESULTS / "waits.json", found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
