"""`python -m bench.pages`: what pages and calls of the API take on a database full of requests; see `bench.events`.

The console alone runs, on the database of `DATABASE_URL`, or on SQLite in `HEADGATE_DATA_DIR`; each address is asked
by the operator, who sees all organizations, by an administrator of one, by one of its users, and by a key of it. Who
may not see it is left out. The figure that counts is p95 of 30 calls; beside it stands what the console and, where the
server runs on this machine, Postgres used of the CPU for one.
"""

import argparse
import http.client
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from bench.addresses import API, PAGES
from bench.measuring import RESULTS, write
from bench.processes import Running, cpu_s, free_port, python
from headgate.control.setup import use_django

CALLS = 30
BROWSER = {"accept": "text/html"}
"""What makes an answer a page, where programs get another."""
BOUND_MS = 300
ORGANIZATION = "Organization 0"
SIGNED_IN = "django.contrib.auth.backends.ModelBackend"


class Measured(msgspec.Struct, frozen=True):
    """One address, asked by somebody."""

    who: str
    address: str
    status: int
    p50_ms: float
    p95_ms: float
    console_ms: float
    """CPU of a call, the mean."""
    postgres_ms: float
    kilobytes: float


def credentials() -> dict[str, dict[str, str]]:
    """Headers of everybody who asks, made in the database."""
    use_django()
    from headgate.control.keys.models import VirtualKey
    from headgate.control.keys.operations import create_key
    from headgate.control.organizations.models import Membership, Organization, Role, User

    organization = Organization.objects.get(name=ORGANIZATION)
    operator, _ = User.objects.get_or_create(username="bench", is_staff=True, is_superuser=True)
    admin, _ = User.objects.get_or_create(username="bench-admin", is_staff=True)
    user, _ = User.objects.get_or_create(username="user-0")
    for person, role in ((admin, Role.ADMIN), (user, Role.MEMBER)):
        Membership.objects.get_or_create(user=person, organization=organization, defaults={"role": role})
    VirtualKey.objects.filter(organization=organization, name="bench").delete()
    plain = create_key(organization, "bench").plain
    people = {"operator": operator, "admin": admin, "user": user}
    sessions = {who: {"cookie": f"headgate_session={_session_of(person)}"} for who, person in people.items()}
    return {**sessions, "key": {"authorization": f"Bearer {plain}"}}


def _session_of(person: Any) -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session: Any = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = SIGNED_IN
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def postgres_meter() -> Callable[[], float]:
    """Return what tells how many CPU seconds the database's server has used for us; 0 where that cannot be seen."""
    use_django()
    from django.db import connection

    if connection.vendor == "sqlite":
        return lambda: 0.0
    mine = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

    def read() -> float:
        with connection.cursor() as cursor:
            cursor.execute(mine)
            pids = [pid for (pid,) in cursor.fetchall()]
        # What helped with a query and has ended is on its parent's account.
        parents = {_parent(pid) for pid in pids} - {0}
        return sum(map(cpu_s, pids)) + sum(cpu_s(pid, children=True) for pid in parents)

    return read


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
    except OSError:
        return 0


def measure(
    console: Running, postgres: Callable[[], float], who: str, address: str, headers: dict[str, str]
) -> Measured:
    """Ask once to warm up, then as often as counts; once is enough for who may not."""
    connection = http.client.HTTPConnection("127.0.0.1", console.port, timeout=120)
    body, status, _ = _ask(connection, address, headers)
    took: list[float] = []
    before = console.cpu_s(), postgres()
    for _ in range(CALLS if status == 200 else 2):
        body, status, ms = _ask(connection, address, headers)
        took.append(ms)
    used = [
        (after - then) / len(took) * 1000 for after, then in zip((console.cpu_s(), postgres()), before, strict=True)
    ]
    connection.close()
    p95 = statistics.quantiles(took, n=20, method="inclusive")[-1]
    return Measured(who, address, status, statistics.median(took), p95, *used, len(body) / 1024)


def _ask(connection: http.client.HTTPConnection, address: str, headers: dict[str, str]) -> tuple[bytes, int, float]:
    begin = time.perf_counter()
    connection.request("GET", address, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    return body, answer.status, (time.perf_counter() - begin) * 1000


def main() -> int:
    """Start the console, ask, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--out", default="pages", help="name of the file of results")
    parser.add_argument("--only", default="", help="addresses with this in them")
    parser.add_argument("--who", default="", help="by this one alone")
    args = parser.parse_args()
    callers = {who: headers for who, headers in credentials().items() if args.who in {"", who}}
    port, postgres = free_port(), postgres_meter()
    environ = dict(os.environ) | {"DEV_TOOLS_ENABLED": "true"}
    console = Running(python("-m", "headgate", "console", "--port", str(port)), core=1, environ=environ, port=port)
    found: list[Measured] = []
    try:
        for address, more in [*((each, {}) for each in API), *((each, BROWSER) for each in PAGES)]:
            for who, headers in callers.items() if args.only in address else ():
                if more and who == "key":
                    continue
                measured = measure(console, postgres, who, address, headers | more)
                show(measured)
                if measured.status == 200:
                    found.append(measured)
    finally:
        console.stop()
    write(RESULTS / f"{args.out}.json", found)
    worst = max(found, key=lambda each: each.p95_ms)
    print(f"{len(found)} answers, the slowest at p95 {worst.p95_ms:.0f} ms (bound {BOUND_MS} ms): {worst.address}")
    return 0 if worst.p95_ms < BOUND_MS else 1


def show(measured: Measured) -> None:
    """One line."""
    print(
        f"{measured.who:9} {measured.address[:78]:78} {measured.status}  p50 {measured.p50_ms:7.1f} ms  "
        f"p95 {measured.p95_ms:7.1f} ms  CPU {measured.console_ms:6.1f} + {measured.postgres_ms:6.1f} ms  "
        f"{measured.kilobytes:7.1f} kB",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
