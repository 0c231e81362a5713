"""One load against one running side, and what it cost: shared by all measurements."""

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from bench.processes import ROOT, Running, python

RESULTS = ROOT / "bench" / "results"
POSTING_S = 0.5


class Test(msgspec.Struct, frozen=True):
    """One load."""

    name: str
    body: bytes
    connections: int
    seconds: float
    per_event: bool = False
    """CPU is divided by streamed events instead of requests."""
    headers: tuple[str, ...] = ()
    """Beside the side's own; `{n}` counts the requests."""
    subjects: int = 1
    until_refused: bool = False


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


def fire(running: Running, test: Test, headers: tuple[str, ...] = ()) -> dict[str, Any]:
    """Run one load to its end; what `bench.load` prints."""
    with tempfile.NamedTemporaryFile() as body:
        body.write(test.body)
        body.flush()
        command = python("-m", "bench.load", "--subjects", str(test.subjects))
        command += ["--until-refused"] if test.until_refused else []
        command += [str(running.port), body.name, str(test.connections), str(test.seconds)]
        pinned = ["taskset", "-c", "0", *command, *headers, *test.headers]
        done = subprocess.run(pinned, cwd=ROOT, capture_output=True, text=True, check=True)
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def measure(running: Running, test: Test, headers: tuple[str, ...] = ()) -> Figures:
    """Run one load and read what it cost."""
    before = running.cpu_s()
    seen = fire(running, test, headers)
    # What is written behind the requests (journal to books) belongs to their cost.
    time.sleep(POSTING_S)
    used = running.cpu_s() - before
    count = seen["events"] if test.per_event else seen["ok"]
    return Figures(
        requests_per_s=seen["requests_per_s"],
        p50_ms=seen["p50_ms"],
        p99_ms=seen["p99_ms"],
        first_byte_p50_ms=seen["first_byte_p50_ms"],
        cpu_us=used / count * 1e6 if count else 0.0,
        bad=seen["bad"] + seen["refused"],
        peak_mb=running.peak_mb(),
    )


def write(path: Path, result: object) -> None:
    """Keep a result as JSON, and say where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    print(f"\nwritten to {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}")
