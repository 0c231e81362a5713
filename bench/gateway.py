"""Headgate as it is measured: `headgate serve` on the measured core, its control plane, and its database to read."""

import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from bench.processes import MEASURED_CORE, ROOT, Running, free_port, python

KEY = "sk-hg-bench-key-0123456789012345678901234567890"
_NO_BUDGETS = dict.fromkeys(
    ("AI_MONTHLY_SPEND_LIMIT_USD", "AI_USER_DAILY_SPEND_LIMIT_USD", "AI_USER_MONTHLY_SPEND_LIMIT_USD"), "none"
)
_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


class Gateway(Running):
    """A whole installation, all of whose processes are counted: gateway workers, ingest, console, simulator."""

    def __init__(
        self, upstream: str, folder: Path, *, workers: int = 1, environ: Mapping[str, str] | None = None
    ) -> None:
        """Start it without budgets, and wait until its pages answer too."""
        self.folder = folder
        self.environ = (
            clean_environment()
            | _NO_BUDGETS
            | {
                "HEADGATE_DATA_DIR": str(folder),
                "HEADGATE_BOOTSTRAP_KEY": KEY,
                "OPENAI_BASE_URL": upstream + "/v1",
                "OPENAI_API_KEY": "sk-bench",
            }
            | dict(environ or {})
        )
        port = free_port()
        command = python("-m", "headgate", "serve", "--port", str(port), "--workers", str(workers))
        super().__init__(command, core=MEASURED_CORE, environ=self.environ, port=port)
        # The console starts beside the gateway; it must not be starting still while the gateway is measured.
        self.wait_until(self._pages_answer, "the console")

    def fill(self, what: str, **given: Any) -> float:
        """Run `bench.fill` and wait until its revision is in force; seconds that it took."""
        begin = time.monotonic()
        # Beside the load client: what is measured keeps its core.
        command = ["taskset", "-c", "0", *python("-m", "bench.fill", what, json.dumps(given))]
        subprocess.run(command, cwd=ROOT, env=self.environ, check=True, stdin=subprocess.DEVNULL)
        filled = time.monotonic() - begin
        newest = self.rows("SELECT max(revision) FROM headgate_publication")[0][0]
        # Connections fall to the workers by chance: each of them polls four times a second.
        self.wait_until(lambda: all(self._revision() >= newest for _ in range(16)), f"revision {newest}")
        return filled

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Read the database."""
        connection = sqlite3.connect(f"{(self.folder / 'headgate.sqlite3').as_uri()}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(statement, parameters).fetchall()
        finally:
            connection.close()

    def operations(self) -> int:
        """Draws and returns that happened so far."""
        return int(self.rows("SELECT sum(op_seq) FROM headgate_owner")[0][0])

    def wait_for_quiet(self) -> None:
        """Wait until everything is posted and what is idle went back."""
        self.wait_until(
            lambda: not self.rows("SELECT 1 FROM headgate_window WHERE leased > 0 LIMIT 1"), "the leases to go back"
        )

    def hold(self, body: bytes) -> Decimal:
        """USD that a request would hold, as `/v1/quote` says."""
        headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/quote", body, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            bound = _decoder.decode(answer.read())["bound"]
        return Decimal(bound["cost_usd"])

    def wait_until(self, condition: Callable[[], Any], what: str, within_s: float = 120) -> None:
        """Poll; end the measurement when it never comes true."""
        deadline = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline:
                self.stop()
                sys.exit(f"waited {within_s:.0f} s for {what}")
            time.sleep(0.1)

    def _revision(self) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=10) as answer:
            return int(_decoder.decode(answer.read())["revision"])

    def _pages_answer(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/admin/login/", timeout=5):
                return True
        except OSError:
            return False


def clean_environment() -> dict[str, str]:
    """Our environment without anybody's settings."""
    foreign = ("HEADGATE_", "OPENAI_", "AI_", "LANGSMITH_", "LANGCHAIN_", "DATABASE_URL", "REDIS_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), "PYTHONUNBUFFERED": "1"}
