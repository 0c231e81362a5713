"""`python -m bench.outage`: what a request costs and how long it takes while LangSmith is there, away, silent, back.

One gateway tells of every request. LangSmith's states take turns over the rounds, so that whatever else the machine
does falls on all of them; `back` is the load while what was queued in the outage before is told. At the end every
request is looked for: one that is missing, or there twice, ends the measurement with an error.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import msgspec

from bench.bodies import chat
from bench.gateway import KEY, Gateway
from bench.measuring import RESULTS, Test, fire, write
from bench.processes import start_upstream
from tests.kit.langsmith_server import KEY as LANGSMITH_KEY
from tests.kit.langsmith_server import LangSmithServer

_AUTHORIZED = (f"authorization: Bearer {KEY}",)
_CAUGHT_UP_WITHIN_S = 1200.0


class Seen(msgspec.Struct, frozen=True):
    """The medians over the rounds; CPU is the whole installation's, per request."""

    state: str
    answered: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_us: float


def run(upstream: str, langsmith: LangSmithServer, *, seconds: float, rounds: int, connections: int) -> list[Seen]:
    """All states in turn, on one gateway."""
    load = Test("chat", chat(1_000), connections, seconds)
    rows: dict[str, list[Seen]] = {}
    with tempfile.TemporaryDirectory() as name:
        told = {"LANGSMITH_API_KEY": LANGSMITH_KEY, "LANGSMITH_ENDPOINT": langsmith.url}
        gateway = Gateway(upstream, Path(name) / "data", environ=told)
        try:
            fire(gateway, Test("warm-up", load.body, connections, 2), _AUTHORIZED)
            for _ in range(rounds):
                for state, goes, comes_back in states(langsmith):
                    _catch_up(gateway)
                    goes()
                    rows.setdefault(state, []).append(measure(gateway, load, state))
                    comes_back()
                    if state != "there":
                        rows.setdefault("back", []).append(measure(gateway, load, "back"))
            _catch_up(gateway)
            check(gateway, langsmith)
        finally:
            gateway.stop()
    return [middle(each) for each in rows.values()]


def states(langsmith: LangSmithServer) -> list[tuple[str, Callable[[], None], Callable[[], None]]]:
    """What it is called, how it comes, and how it ends."""

    def nothing() -> None:
        """As it is."""

    return [
        ("there", nothing, nothing),
        ("refusing", langsmith.stop, langsmith.start),
        ("silent", langsmith.fall_silent, langsmith.speak),
    ]


def measure(gateway: Gateway, load: Test, state: str) -> Seen:
    """One load in one state."""
    before = gateway.cpu_s()
    figures = fire(gateway, load, _AUTHORIZED)
    if figures["bad"] or figures["refused"]:
        sys.exit(f"{figures['bad']} requests failed, {figures['refused']} were refused: {state}")
    used = gateway.cpu_s() - before
    shared = {name: figures[name] for name in ("p50_ms", "p95_ms", "p99_ms")}
    seen = Seen(state=state, answered=figures["ok"], cpu_us=used / figures["ok"] * 1e6, **shared)
    show(seen)
    return seen


def middle(rounds: list[Seen]) -> Seen:
    """The median of each figure."""
    figures = {
        name: median(getattr(each, name) for each in rounds) for name in ("p50_ms", "p95_ms", "p99_ms", "cpu_us")
    }
    return Seen(state=rounds[0].state, answered=sum(each.answered for each in rounds), **figures)


def _catch_up(gateway: Gateway) -> None:
    """Wait until all is posted and told of."""
    time.sleep(2)
    empty = "SELECT NOT EXISTS (SELECT 1 FROM headgate_delivery)"
    gateway.wait_until(lambda: gateway.rows(empty)[0][0], "an empty queue", within_s=_CAUGHT_UP_WITHIN_S)


def check(gateway: Gateway, langsmith: LangSmithServer) -> None:
    """Every request is one run there, and its attempt one below it."""
    logged = {request_id for (request_id,) in gateway.rows("SELECT request_id FROM headgate_request_log")}
    roots = langsmith.roots()
    if logged != roots.keys() or len(langsmith.latest) != 2 * len(logged):
        sys.exit(f"{len(logged)} requests, {len(roots)} of them in LangSmith, {len(langsmith.latest)} runs in all")
    again = sum(len(times) - 1 for times in langsmith.runs.values())
    print(f"\n{len(logged)} requests, each one run with one below it; {again} runs were told twice, in the same words")


def show(seen: Seen, there: Seen | None = None) -> None:
    """One line, with ratios where there is something to compare with."""
    figures = [seen.p50_ms, seen.p95_ms, seen.p99_ms, seen.cpu_us]
    beside = [there.p50_ms, there.p95_ms, there.p99_ms, there.cpu_us] if there else []
    ratios = [f" ({figure / other:.2f})" for figure, other in zip(figures, beside, strict=True)] if there else [""] * 4
    p50, p95, p99, cpu = (f"{figure:.2f}{ratio}" for figure, ratio in zip(figures, ratios, strict=True))
    print(f"{seen.state:9} {seen.answered:7}  p50 {p50}  p95 {p95}  p99 {p99} ms  CPU {cpu} us", flush=True)


def main() -> int:
    """Read the options, run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench.outage", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="of each outage")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--connections", type=int, default=1)
    args = parser.parse_args()
    # LangSmith is here, beside the load client and the upstream: what is measured keeps its core.
    os.sched_setaffinity(0, {0})
    upstream = start_upstream()
    try:
        with LangSmithServer() as langsmith:
            found = run(upstream.url, langsmith, seconds=args.seconds, rounds=args.rounds, connections=args.connections)
    finally:
        upstream.stop()
    print()
    for each in found:
        show(each, found[0])
    write(RESULTS / "outage.json", found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
