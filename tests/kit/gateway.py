"""A whole gateway as its operator starts it: `headgate serve` on a free port, a throwaway data folder, known secrets."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg.rows import dict_row

from tests.kit.environment import KEY as KEY
from tests.kit.environment import PASSWORD as PASSWORD
from tests.kit.environment import ROOT as ROOT
from tests.kit.environment import SECRET as SECRET
from tests.kit.environment import clean_environment as clean_environment
from tests.kit.folders import DATABASE, fill_folder


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], *, within_s: float = 30, what: str = "it") -> Any:
    """Poll until the condition gives something true; fail loudly when it never does."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    message = f"waited {within_s} s for {what}"
    raise AssertionError(message)


class GatewayProcess:
    """`headgate serve` in a process of its own."""

    def __init__(
        self,
        data_dir: Path,
        *,
        workers: int = 1,
        database_url: str | None = None,
        environ: Mapping[str, str] | None = None,
        first_start: bool = False,
    ) -> None:
        """`database_url`: of Postgres; nodes that are given the same one are one installation. None: SQLite.

        `first_start`: on an empty folder, and not on a copy of one that was filled before.
        """
        self.database_url = database_url
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.key = KEY
        self._workers = workers
        shared = {"DATABASE_URL": database_url, "HEADGATE_SECRET_KEY": SECRET} if database_url else {}
        self._environ = clean_environment(data_dir, **shared, **(environ or {}))
        self._fills = not (first_start or database_url)
        # What the environment says of budgets is part of what the first start makes.
        self._budgets = {name: text for name, text in (environ or {}).items() if name.startswith("AI_")}
        self._log = data_dir.with_suffix(".log")
        self._log_start = 0
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until it serves; what it prints goes to a file beside its data."""
        self.begin()
        self.wait_until_ready()

    def begin(self) -> None:
        """Start and do not wait."""
        if self._fills and not (self.data_dir / DATABASE).exists():
            fill_folder(self.data_dir, **self._budgets)
        command = [sys.executable, "-m", "headgate", "serve", "--port", str(self.port), "--workers", str(self._workers)]
        self._log_start = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self._environ, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.data_dir.parent
            )

    def wait_until_ready(self) -> None:
        """Wait until it serves."""
        wait_until(self._ready, within_s=60, what="the gateway")

    def stop(self) -> None:
        """As Ctrl-C does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
        self.process = None

    def log(self) -> str:
        """Everything it printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def pids(self, role: str) -> list[int]:
        """Process ids of the children that run a role."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children if role in _command(int(pid))]

    def child_url(self, role: str) -> str:
        """Loopback address of a child, as its own command line has it."""
        words = _command(self.pids(role)[0])
        return f"http://127.0.0.1:{words[words.index('--port') + 1]}"

    def rows(self, statement: str, *parameters: object) -> list[dict[str, Any]]:
        """Read the database; a parameter's place is a question mark."""
        if self.database_url:
            with psycopg.connect(self.database_url, row_factory=dict_row, connect_timeout=10) as postgres:
                return postgres.execute(statement.replace("?", "%s"), parameters).fetchall()
        connection = sqlite3.connect(self.data_dir / DATABASE, timeout=10)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(statement, parameters)]
        finally:
            connection.close()

    def cost_event(self, request_id: str, *, within_s: float = 30) -> dict[str, Any]:
        """The cost event of a request, once ingest has posted it."""
        found: list[dict[str, Any]] = wait_until(
            lambda: self.rows("SELECT * FROM headgate_cost_event WHERE request_id = ?", request_id),
            within_s=within_s,
            what=f"the cost event of {request_id}",
        )
        assert len(found) == 1
        return found[0]

    def request_log(self, request_id: str) -> dict[str, Any]:
        """The request log row of a request."""
        found: list[dict[str, Any]] = wait_until(
            lambda: self.rows("SELECT * FROM headgate_request_log WHERE request_id = ?", request_id),
            what=f"the log row of {request_id}",
        )
        return found[0]

    def control(self, code: str) -> str:
        """Run code against the control plane in a process of its own; what it prints comes back."""
        prelude = "from headgate.control.setup import use_django; use_django()\n"
        done = subprocess.run(
            [sys.executable, "-c", prelude + code], env=self._environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `headgate ...` where this node runs."""
        command = [sys.executable, "-m", "headgate", *words]
        return subprocess.run(command, env=self._environ, capture_output=True, text=True, check=False)

    def kill(self) -> None:
        """As a power failure does to the processes: nobody says goodbye, and nobody is started again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        self.process.kill()
        self.process.wait(60)
        self.process = None

    def wait_for_revision(self, revision: int) -> None:
        """Wait until every gateway worker (asked by chance of connection) serves a revision."""
        wait_until(lambda: self._revision() >= revision, what=f"revision {revision}")

    def revision(self) -> int:
        """The newest published revision."""
        return int(self.rows("SELECT max(revision) AS newest FROM headgate_publication")[0]["newest"])

    def _revision(self) -> int:
        with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
            return int(json.load(answer)["revision"])

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        return b"Headgate is ready" in self._log.read_bytes()[self._log_start :]


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []
