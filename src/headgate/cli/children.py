"""Child processes that are kept up."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

QUICK_DEATH_S = 2.0
LONGEST_PAUSE_S = 10.0
STOP_WITHIN_S = 15.0


class Child:
    """One role as a child process; restarted when it dies, with a growing pause when it dies quickly."""

    def __init__(
        self, name: str, arguments: Sequence[str], environ: dict[str, str], *, stops: int, quiet: bool = False
    ) -> None:
        """`stops`: children stop in ascending order of this number. `quiet`: its standard output is not shown."""
        self._stdout = subprocess.DEVNULL if quiet else None
        self.name = name
        self.stops = stops
        self._command = [sys.executable, "-m", "headgate", *arguments, "--until-stdin-closes"]
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = 0.0
        self._starts = 0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it; its standard input stays open as long as we live."""
        self._started = time.monotonic()
        self._starts += 1
        self._process = subprocess.Popen(
            self._command, env=self._environ, stdin=subprocess.PIPE, stdout=self._stdout, start_new_session=True
        )

    def failed(self) -> bool:
        """Whether it ended before it ever served."""
        return self._process is not None and self._process.poll() is not None

    def keep_up(self) -> None:
        """Restart it when it ended."""
        process = self._process
        if process is None or process.poll() is None:
            return
        lived = time.monotonic() - self._started
        if lived < self._pause:
            return
        quick = lived < QUICK_DEATH_S + self._pause
        self._pause = min(max(self._pause * 2, 0.2), LONGEST_PAUSE_S) if quick and self._starts > 2 else 0.0
        print(f"headgate serve: the {self.name} ended ({process.returncode}); restarting.", file=sys.stderr, flush=True)
        if process.stdin is not None:
            process.stdin.close()
        self.start()

    def ask_to_stop(self) -> None:
        """Ask for a graceful stop."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGTERM)

    def wait(self, within_s: float) -> None:
        """Wait for the end; past the time it is killed, and its journal recovered at the next start."""
        if self._process is None:
            return
        try:
            self._process.wait(max(within_s, 0.1))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def stop_all(children: Sequence[Child], *, drain_s: float) -> None:
    """Stop in order; those that stop first have requests to finish and get `drain_s` for it."""
    for turn in sorted({child.stops for child in children}):
        group = [child for child in children if child.stops == turn]
        deadline = time.monotonic() + (drain_s if turn == 0 else STOP_WITHIN_S)
        for child in group:
            child.ask_to_stop()
        for child in group:
            child.wait(deadline - time.monotonic())
