"""`python -m bench`: interleaved rounds of every side, medians, ratios, one JSON file.

The figure that counts is CPU per request (or per streamed chunk) of the measured process tree, out of /proc: it does
not depend on how fast the load client is. Ratios are taken within one run; figures of two runs are not compared.
"""

import argparse
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from bench.bodies import chat
from bench.measuring import RESULTS, Figures, Test, measure, write
from bench.processes import start_upstream
from bench.sides import Side, sides

WIDTHS = (16, 8, 8, 9, 10, 10, 7)


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


def run(chosen: list[Side], rounds: int, seconds: float) -> dict[str, dict[str, Figures]]:
    """All tests on all sides; gives test -> side -> figures."""
    upstream = start_upstream()
    gathered: dict[str, dict[str, list[Figures]]] = defaultdict(lambda: defaultdict(list))
    try:
        for number in range(rounds):
            for side in chosen if number % 2 == 0 else chosen[::-1]:
                with tempfile.TemporaryDirectory() as name:
                    running = side.start(upstream.url, Path(name) / "data")
                    try:
                        measure(running, Test("warm-up", chat(1_000), 8, 2), side.headers)
                        for test in tests(seconds):
                            gathered[test.name][side.name].append(measure(running, test, side.headers))
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
    """A table per test, with the ratios to the bare forwarder and to Headgate without limits."""
    lines: list[str] = []
    for test, by_side in result.items():
        unit = "chunk" if test.startswith("stream") else "request"
        columns = ("us CPU/" + unit, "ratio", "price", "req/s", "p50 ms", "p99 ms", "MB")
        lines += [
            "",
            test,
            f"  {'':10}" + "".join(f"{column:>{width}}" for column, width in zip(columns, WIDTHS, strict=True)),
        ]
        for name, figures in by_side.items():
            cells = (
                f"{figures.cpu_us:.1f}",
                ratio_to(by_side.get("forwarder"), figures) if name != "direct" else "-",
                ratio_to(by_side.get("headgate"), figures) if name == "governed" else "-",
                f"{figures.requests_per_s:.0f}",
                f"{figures.p50_ms:.2f}",
                f"{figures.p99_ms:.2f}",
                f"{figures.peak_mb:.0f}",
            )
            lines.append(
                f"  {name:10}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS, strict=True))
            )
    return "\n".join(lines)


def ratio_to(other: Figures | None, figures: Figures) -> str:
    """CPU over that of another side of the same run."""
    return f"{figures.cpu_us / other.cpu_us:.2f}" if other is not None and other.cpu_us else "-"


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
    result = run(chosen, args.rounds, args.seconds)
    print(report(result))
    write(args.out, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
