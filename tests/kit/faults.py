"""Harm done to a running gateway, one fault at a time; each returns when the harm is over."""

import os
import random
import re
import resource
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from headgate.infra.ingest_lock import ingest_runs
from headgate.ledger.frames import SEGMENT_SIZE
from tests.kit.cutting import Cut, CuttingProxy
from tests.kit.gateway import GatewayProcess, wait_until

PAST_EVERY_TIMEOUT_S = 11.0
"""Longer than the lease store is waited for, and than Postgres keeps an idle transaction or a lock."""
_TERMINATE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'headgate leases'
"""

_FAILED_START = re.compile(r"the gateway \d+ ended \([1-9]")
"""By itself; a signal's number is negative."""


class Faults:
    """What can happen to one gateway; `goes_on` waits until its clients got so many answers more."""

    def __init__(
        self,
        gateway: GatewayProcess,
        chance: random.Random,
        goes_on: Callable[[int], None],
        *,
        proxy: CuttingProxy | None = None,
    ) -> None:
        """`proxy`: between the gateway and Postgres, where it runs on that."""
        self.done: Counter[str] = Counter()
        self._gateway = gateway
        self._chance = chance
        self._goes_on = goes_on
        self._proxy = proxy

    def kill_worker(self) -> None:
        """`kill -9` of a gateway worker; over when its successor draws."""
        before = self._owners()
        self._kill("gateway")
        self.done["kill -9 of a gateway worker"] += 1
        wait_until(lambda: self._owners() > before, what="the worker's successor")

    def kill_ingest(self) -> None:
        """`kill -9` of the worker role; over when its successor ingests."""
        victim = self._kill("worker")
        self.done["kill -9 of the worker role"] += 1
        # Its lock lives a moment longer than it does.
        wait_until(lambda: self._gateway.pids("worker") not in ([], [victim]), what="the next ingest")
        wait_until(lambda: ingest_runs(self._gateway.data_dir), what="the lock of the next ingest")

    def pause_worker(self) -> None:
        """`SIGSTOP` of a gateway worker past every timeout, and `SIGCONT` after its siblings went on."""
        victim = self._chance.choice(self._gateway.pids("gateway"))
        with paused(victim):
            threading.Event().wait(PAST_EVERY_TIMEOUT_S)
            self._goes_on(20)
        self.done["SIGSTOP past every timeout"] += 1

    def fill_disk(self) -> None:
        """No room in the data folder, and a worker killed meanwhile whose successor cannot begin a journal."""
        before, failed = self._owners(), self._failed_starts()
        # Ingest stands still, for every journal that it has posted makes room for another.
        with full_disk(self._gateway.data_dir, self._gateway.process), paused(self._ingest()):
            self.done["full disk"] += 1
            self._goes_on(20)
            self._kill("gateway")
            self.done["kill -9 of a gateway worker on a full disk"] += 1
            wait_until(lambda: self._failed_starts() > failed, what="a start that fails for want of room")
            self._goes_on(20)
        wait_until(lambda: self._owners() > before, what="the worker's successor")

    def terminate_leases(self) -> None:
        """Postgres ends every connection that draws."""
        assert self._gateway.database_url is not None
        with psycopg.connect(self._gateway.database_url, autocommit=True, connect_timeout=10) as admin:
            wait_until(lambda: admin.execute(_TERMINATE).fetchone() != (0,), what="a connection to end")
        self.done["pg_terminate_backend of the lease connections"] += 1

    def cut_commit(self) -> None:
        """A connection breaks at its COMMIT: before it, after it, or while nobody knows."""
        assert self._proxy is not None
        before, how = self._proxy.cuts, self._chance.choice([Cut.BEFORE, Cut.AFTER, Cut.AFTER, Cut.BLIND, Cut.SILENT])
        self._proxy.next = how
        proxy = self._proxy
        wait_until(lambda: proxy.cuts > before, what="a COMMIT")
        self.done[f"COMMIT cut: {how.value}"] += 1

    def _ingest(self) -> int:
        return int(wait_until(lambda: self._gateway.pids("worker"), what="an ingest")[0])

    def _failed_starts(self) -> int:
        return len(_FAILED_START.findall(self._gateway.log()))

    def _owners(self) -> int:
        return int(self._gateway.rows("SELECT COUNT(*) AS n FROM headgate_owner")[0]["n"])

    def _kill(self, role: str) -> int:
        victims: list[int] = wait_until(lambda: self._gateway.pids(role), what=f"a {role} to kill")
        victim = self._chance.choice(victims)
        os.kill(victim, signal.SIGKILL)
        return victim


@contextmanager
def paused(pid: int) -> Iterator[None]:
    """`SIGSTOP`, and `SIGCONT` at the end."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[str]:
    """A file system of its own under a folder, where we may mount one; says what it is."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0
    try:
        yield f"tmpfs of {megabytes} MB" if mounted else "limit on the size of files"
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full_disk(folder: Path, supervisor: "subprocess.Popen[bytes] | None") -> Iterator[None]:
    """No byte more fits; where the folder is no file system of its own, no file may grow to a journal's segment."""
    if not folder.is_mount():
        assert supervisor is not None
        with _no_segment_fits(supervisor.pid):
            yield
        return
    filler = folder / "filler"
    handle = os.open(filler, os.O_CREAT | os.O_WRONLY)
    try:
        _fill(handle, folder)
        yield
    finally:
        os.close(handle)
        filler.unlink()


def _fill(handle: int, folder: Path) -> None:
    size = 0
    while room := os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize:
        try:
            os.posix_fallocate(handle, size, room)
        except OSError:
            # Somebody else took some of it meanwhile.
            continue
        size += room


@contextmanager
def _no_segment_fits(pid: int) -> Iterator[None]:
    """The supervisor's children inherit it: whoever starts now cannot begin a journal."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (SEGMENT_SIZE - 1, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def can_mount() -> bool:
    """Whether we may mount a file system."""
    with TemporaryDirectory() as folder, small_disk(Path(folder) / "disk", 1) as disk:
        return disk.startswith("tmpfs")


def kill_everything(gateway: GatewayProcess) -> None:
    """`kill -9` of the supervisor and of every process that it started."""
    assert gateway.process is not None
    children = [*gateway.pids("gateway"), *gateway.pids("worker"), *gateway.pids("simulate"), *gateway.pids("console")]
    for pid in [gateway.process.pid, *children]:
        os.kill(pid, signal.SIGKILL)
    gateway.process.wait()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), what="the end of all of them")
