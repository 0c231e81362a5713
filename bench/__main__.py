"""`python -m bench`: interleaved rounds of every side, medians, ratios, one JSON file.

The figure that counts is CPU per request (or per streamed chunk) of the measured process tree, out of /proc: it does
not depend on how fast the load client is. Ratios are taken within one run; figures of two runs are not compared.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import msgspec

from bench.bodies import chat
from bench.processes import ROOT, Running, free_port, python
from bench.sides import Side, sides

RESULTS = ROOT / "bench" / "results"


class Test(msgspec.Struct, frozen=True):
    """One load."""

    name: str
    body: bytes
    connections: int
    seconds: float
    per_event: bool = False
    """CPU is divided by streamed events instead of requests."""


def tests(seconds: float) -> list[Test]:
    """The loads, shortest first."""
    return [
        Test("chat 1 kB, 1 connection", chat(1_000), 1, seconds),
        Test("chat 1 kB, 16 connections", chat(1_000), 16, seconds),
        Test("chat 1 kB, 64 connections", chat(1_000), 64, seconds),
        Test("chat 400 kB, 4 connections", chat(400_000), 4, seconds),
        Test("stream, 100 chunks/s, 32 connections", chat(1_000, stream=True, paced=True), 32, seconds, per_event=True),
        Test("stream, at once, 8 connections", chat(1_000, stream=True), 8, seconds, per_event=True),
    ]


class Figures(msgspec.Struct, frozen=True):
    """What one test on one side gave, the median of the rounds."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    first_byte_p50_ms: float
    cpu_us: float
    """Per request, or per streamed event."""
    bad: int
    peak_mb: float


def measure(side: Side, running: Running, test: Test, folder: Path) -> Figures:
    """Run one load and read what it cost."""
    body = folder / "body.json"
    body.write_bytes(test.body)
    command = python("-m", "bench.load", str(running.port), str(body), str(test.connections), str(test.seconds))
    pinned = ["taskset", "-c", "0", *command, *side.headers]
    before = running.cpu_s()
    done = subprocess.run(pinned, cwd=ROOT, capture_output=True, text=True, check=True)
    # What is written behind the requests (journal to books) belongs to their cost.
    time.sleep(0.5)
    used = running.cpu_s() - before
    seen = json.loads(done.stdout)
    count = seen["events"] if test.per_event else seen["ok"]
    return Figures(
        requests_per_s=seen["requests_per_s"],
        p50_ms=seen["p50_ms"],
        p99_ms=seen["p99_ms"],
        first_byte_p50_ms=seen["first_byte_p50_ms"],
        cpu_us=used / count * 1e6 if count else 0.0,
        bad=seen["bad"],
        peak_mb=running.peak_mb(),
    )


def run(chosen: list[Side], rounds: int, seconds: float) -> dict[str, dict[str, Figures]]:
    """All tests on all sides; gives test -> side -> figures."""
    upstream_port = free_port()
    environ = dict(os.environ) | {"PYTHONPATH": str(ROOT)}
    upstream = Running(python("-m", "bench.upstream", str(upstream_port)), core=0, environ=environ, port=upstream_port)
    gathered: dict[str, dict[str, list[Figures]]] = defaultdict(lambda: defaultdict(list))
    try:
        for number in range(rounds):
            for side in chosen if number % 2 == 0 else chosen[::-1]:
                with tempfile.TemporaryDirectory() as name:
                    folder = Path(name)
                    running = side.start(f"http://127.0.0.1:{upstream_port}", folder / "data")
                    try:
                        measure(side, running, Test("warm-up", chat(1_000), 8, 2), folder)
                        for test in tests(seconds):
                            gathered[test.name][side.name].append(measure(side, running, test, folder))
                            show(number, side, test, gathered[test.name][side.name][-1])
                    finally:
                        running.stop()
    finally:
        upstream.stop()
    return {test: {side: median(figures) for side, figures in by_side.items()} for test, by_side in gathered.items()}


def show(number: int, side: Side, test: Test, figures: Figures) -> None:
    """One line of progress."""
    print(
        f"round {number + 1}  {side.name:10} {test.name:38} {figures.cpu_us:9.1f} us  "
        f"{figures.requests_per_s:8.0f}/s  p50 {figures.p50_ms:8.2f} ms  bad {figures.bad}",
        file=sys.stderr,
        flush=True,
    )


def median(figures: list[Figures]) -> Figures:
    """Field by field."""
    columns = {name: [getattr(figure, name) for figure in figures] for name in Figures.__struct_fields__}
    return Figures(**{name: statistics.median(values) for name, values in columns.items()})


def report(result: dict[str, dict[str, Figures]]) -> str:
    """A table per test, with the ratio to the bare forwarder."""
    lines: list[str] = []
    for test, by_side in result.items():
        unit = "chunk" if test.startswith("stream") else "request"
        lines += [
            "",
            test,
            f"  {'':10} {'us CPU/' + unit:>15} {'ratio':>7} {'req/s':>8} {'p50 ms':>9} {'p99 ms':>9} {'MB':>6}",
        ]
        bare = by_side.get("forwarder")
        for name, figures in by_side.items():
            ratio = f"{figures.cpu_us / bare.cpu_us:.2f}" if bare and bare.cpu_us and name != "direct" else "-"
            lines.append(
                f"  {name:10} {figures.cpu_us:15.1f} {ratio:>7} {figures.requests_per_s:8.0f} {figures.p50_ms:9.2f} "
                f"{figures.p99_ms:9.2f} {figures.peak_mb:6.0f}"
            )
    return "\n".join(lines)


def main() -> int:
    """Read the options, run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="per test")
    parser.add_argument("--only", help="sides, separated by commas (default: all that can run here)")
    parser.add_argument("--out", type=Path, default=RESULTS / "latest.json")
    args = parser.parse_args()
    known = sides()
    chosen = [known[name] for name in args.only.split(",")] if args.only else list(known.values())
    RESULTS.mkdir(parents=True, exist_ok=True)
    result = run(chosen, args.rounds, args.seconds)
    print(report(result))
    args.out.write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    print(f"\nwritten to {args.out.relative_to(ROOT) if args.out.is_relative_to(ROOT) else args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
