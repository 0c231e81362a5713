"""A throwaway Postgres server for this test process, and databases in it that cost a test a tenth of a second.

The server starts when the first test asks for it and ends with the process, however that ends; a process that was
killed leaves files behind, which the next one removes. Its databases compare
text by the rules of a language, as many real ones do, and not byte by byte: what relies on the order of bytes fails.
"""

import atexit
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest

from tests.kit.environment import SECRET, clean_environment
from tests.kit.folders import first_start
from tests.kit.gateway import free_port

_OPTIONS = {
    "fsync": "off",  # no test takes the power away
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "deadlock_timeout": "200ms",
    "timezone": "Asia/Kolkata",  # a server need not live in UTC
}
_PREFIX = "headgate-pg-"
_UNFINISHED = "new-"
_LOCK = "lock"


def _program(name: str) -> Path | None:
    """Debian keeps the server's programs out of PATH."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3].partition(".")[0])
    )
    on_path = shutil.which(name)
    return installed[-1] if installed else Path(on_path) if on_path else None


needs_postgres = [
    pytest.mark.external,
    pytest.mark.skipif(
        _program("initdb") is None, reason="not run on Postgres: no server is installed on this machine"
    ),
]
"""Marks of what runs on a throwaway Postgres."""
DATABASES = ["sqlite", pytest.param("postgres", marks=needs_postgres)]
"""Parameters of a fixture that gives a `DATABASE_URL`; see `database_url_for`."""


def locked_folder() -> tuple[Path, int]:
    """A new folder, and the lock that says that its process lives."""
    unfinished = Path(tempfile.mkdtemp(prefix=f"{_UNFINISHED}{_PREFIX}"))
    lock = os.open(unfinished / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    # Only under this name is it looked at by others, who must not find it without its lock.
    return unfinished.rename(unfinished.with_name(unfinished.name.removeprefix(_UNFINISHED))), lock


def remove_abandoned() -> None:
    """Remove the folders of processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR)
        except OSError:
            # Removed by its owner just now, or of another user.
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            if not _server_runs(folder):
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)


def _server_runs(folder: Path) -> bool:
    """Whether a server is still at it: without `setpriv`, none ends with the process that started it."""
    try:
        first = (folder / "files" / "postmaster.pid").read_text(encoding="ascii").splitlines()[0]
    except (OSError, IndexError):
        return False
    return Path("/proc", first.strip()).exists()


class PostgresServer:
    """A server in a temporary folder, on a loopback port; every local user is its superuser."""

    def __init__(self) -> None:
        remove_abandoned()
        self.folder, self._lock = locked_folder()
        self.port = free_port()
        self._names = count(1)
        self._templates: set[str] = set()
        self._initialize()
        self._process = self._start()
        atexit.register(self.stop)
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End it now, with whoever is connected, and remove what it wrote."""
        self._crash()
        shutil.rmtree(self.folder)
        os.close(self._lock)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Without a server: it crashes, and recovers at the end."""
        self._crash()
        try:
            yield
        finally:
            self._process = self._start()
            self._wait_until_it_answers()

    def empty_database(self) -> str:
        """`DATABASE_URL` of a new database without tables."""
        return self._create("template0")

    def fresh_database(self) -> str:
        """`DATABASE_URL` of a new database with all tables and nothing in them."""
        return self._copy("migrated", self._migrate)

    def filled_database(self) -> str:
        """`DATABASE_URL` of a new database after the first start of a node with `SECRET`."""
        return self._copy("filled", self._fill)

    def terminate_connections(self, database_url: str) -> int:
        """Cut every connection to a database; how many there were."""
        name = database_url.rpartition("/")[2]
        with self._admin() as admin:
            rows = admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            return len(rows.fetchall())

    def url(self, name: str) -> str:
        """`DATABASE_URL` of a database."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def _create(self, template: str, name: str = "") -> str:
        name = name or f"test_{next(self._names)}"
        with self._admin() as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def _copy(self, template: str, make: Callable[[str], None]) -> str:
        if template not in self._templates:
            make(self._create("template0", name=template))
            self._templates.add(template)
        return self._create(template)

    def _migrate(self, database_url: str) -> None:
        script = "from headgate.control.setup import migrate; migrate()"
        environ = clean_environment(self.folder / "migration", DATABASE_URL=database_url, HEADGATE_SECRET_KEY=SECRET)
        subprocess.run([sys.executable, "-c", script], env=environ, check=True)

    def _fill(self, database_url: str) -> None:
        first_start(self.folder / "migration", DATABASE_URL=database_url, HEADGATE_SECRET_KEY=SECRET)

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=10)

    def _initialize(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, _user())
        initdb = [str(_program("initdb")), "--no-locale", "--encoding=UTF8", "--no-sync", "--auth=trust", *_language()]
        command = [*_as_user(), *initdb, "--username=postgres", "-D", str(self.folder / "files")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def _start(self) -> subprocess.Popen[bytes]:
        options = {**_OPTIONS, "port": str(self.port), "unix_socket_directories": str(self.folder)}
        postgres = [str(_program("postgres")), "-D", str(self.folder / "files")]
        command = [*_as_user(), *postgres, *(f"--{name}={text}" for name, text in options.items())]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def _crash(self) -> None:
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                return self._admin().close()
            except psycopg.OperationalError:
                said = (self.folder / "log").read_text(errors="replace")
                assert self._process.poll() is None, said
                assert time.monotonic() < deadline, said
                time.sleep(0.02)


def _language() -> list[str]:
    """Databases can be given a language since Postgres 15; before, their texts are compared byte by byte."""
    said = subprocess.run([str(_program("initdb")), "--version"], check=True, capture_output=True, text=True).stdout
    modern = int(said.split()[2].partition(".")[0]) >= 15
    return ["--locale-provider=icu", "--icu-locale=en-US"] if modern else []


def _as_user() -> list[str]:
    """What precedes a command: another user where we are root (Postgres refuses that), and an end with our own."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() == 0:
        user = pwd.getpwnam(_user())
        who = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        return [setpriv or "setpriv", *who, "--pdeathsig=QUIT"]
    return [setpriv, "--pdeathsig=QUIT"] if setpriv else []


def _user() -> str:
    return "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


@cache
def server() -> PostgresServer:
    """This process's server, started when it is first asked for."""
    return PostgresServer()


def fresh_database() -> str:
    """`DATABASE_URL` of a new database with all tables, on this process's server."""
    return server().fresh_database()


def database_url_for(database: str) -> str | None:
    """The `DATABASE_URL` of one of `DATABASES`; None for SQLite, which is a file in the data folder without one."""
    return fresh_database() if database == "postgres" else None


def filled_database_url_for(database: str) -> str | None:
    """As `database_url_for`, for a `GatewayProcess`: its first start has happened."""
    return server().filled_database() if database == "postgres" else None
