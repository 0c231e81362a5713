"""Starting what is measured, and reading what it used out of /proc."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

HZ = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).resolve().parents[1]
MEASURED_CORE = 1
"""The side that is measured is alone there; the upstream and the load client share core 0."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A process tree pinned to one core."""

    def __init__(
        self, command: Sequence[str], *, core: int, environ: Mapping[str, str], port: int, within_s: float = 90
    ):
        """Start it in a session of its own and wait until it listens."""
        pinned = ["taskset", "-c", str(core), *command] if os.cpu_count() != 1 else list(command)
        logs = ROOT / "bench" / "results"
        logs.mkdir(parents=True, exist_ok=True)
        self.log = (logs / f"{Path(command[-1]).name}-{port}.log").open("wb")
        self.process = subprocess.Popen(
            pinned, env=dict(environ), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            start_new_session=True,
        )  # fmt: skip
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + within_s
        while not _listens(port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                message = f"{' '.join(command)} does not listen; see {self.log.name}"
                raise RuntimeError(message)
            time.sleep(0.05)

    def tree(self) -> list[int]:
        """Process ids, children included."""
        found, fresh = [], [self.process.pid]
        while fresh:
            pid = fresh.pop()
            found.append(pid)
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                try:
                    fresh += [int(child) for child in children.read_text().split()]
                except OSError:
                    continue
        return found

    def cpu_s(self) -> float:
        """CPU seconds used so far by the whole tree."""
        return sum(cpu_s(pid) for pid in self.tree())

    def peak_mb(self) -> float:
        """Sum of the peak resident sizes."""
        return sum(_peak_kb(pid) for pid in self.tree()) / 1024

    def stop(self) -> None:
        """End this tree and no other process."""
        pids = self.tree()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            for pid in pids:
                if Path(f"/proc/{pid}").exists():
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()


def start_upstream() -> Running:
    """The fake provider, beside the load client."""
    port = free_port()
    environ = dict(os.environ) | {"PYTHONPATH": str(ROOT)}
    return Running(python("-m", "bench.upstream", str(port)), core=0, environ=environ, port=port)


def python(*arguments: str) -> list[str]:
    """A command of this interpreter."""
    return [sys.executable, *arguments]


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 0.2):
            return True
    except OSError:
        return False


def cpu_s(pid: int, *, children: bool = False) -> float:
    """CPU seconds that a process has used, or all of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0.0
    first = 13 if children else 11
    return (int(fields[first]) + int(fields[first + 1])) / HZ


def _peak_kb(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0
