"""Upstreams of their own processes or sockets, for gateways that have several: simulators, and one that never answers."""

import json
import socket
import subprocess
import sys
import urllib.request
from typing import Any, Self

from tests.kit.environment import ROOT


class SimulatorProcess:
    """`headgate simulate` on a free port, with knobs of its own."""

    def __init__(self, **knobs: Any) -> None:
        self._knobs = knobs
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "headgate", "simulate", "--port", "0", "--until-stdin-closes"]
        if self._knobs:
            command += ["--knobs", json.dumps(self._knobs)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env={"PYTHONPATH": str(ROOT / "src")}
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().decode().split()[-1]
        assert self.url.startswith("http://"), "the simulator did not start"
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait(30)
        process.stdout.close()

    def bill(self) -> list[dict[str, Any]]:
        """Every entry, for requests that came through a gateway."""
        entries: list[dict[str, Any]] = []
        while True:
            after = entries[-1]["sequence"] if entries else 0
            with urllib.request.urlopen(f"{self.url}/_simulator/bill?after={after}", timeout=10) as answer:
                page = json.load(answer)
            if not page:
                return [entry for entry in entries if entry["request_id"]]
            entries += page


class Silence:
    """Takes connections and never says anything."""

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
