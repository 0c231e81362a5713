"""`python -m bench.pages`: what calls of the API (and pages) take on a database full of requests; see `bench.events`.

The console alone runs, on the database of `DATABASE_URL`, or on SQLite in `HEADGATE_DATA_DIR`; each address is asked
by the operator, who sees all organizations, and by a key, which sees one. The figure that counts is p95 of 30 calls.
"""

import argparse
import http.client
import os
import statistics
import sys
import time
from typing import Any

import msgspec

from bench.measuring import RESULTS, write
from bench.processes import Running, free_port, python
from headgate.control.setup import use_django

CALLS = 30
BOUND_MS = 300
ANALYTICS = "/api/v1/ai/analytics"
ADDRESSES = (
    f"{ANALYTICS}/user/?user_id=user-0&organization=Organization%200",
    f"{ANALYTICS}/user/?user_id=user-0&organization=Organization%200&days=366&interval=week",
    f"{ANALYTICS}/user/?user_id=user-0&organization=Organization%200&days=7&interval=hour",
    f"{ANALYTICS}/user/spend-limit/?user_id=user-0&organization=Organization%200",
    f"{ANALYTICS}/system/",
    f"{ANALYTICS}/system/?days=7&interval=hour",
    f"{ANALYTICS}/system/?days=30",
    f"{ANALYTICS}/system/?days=90&interval=week",
    f"{ANALYTICS}/breakdown/?by=user&days=30",
    f"{ANALYTICS}/breakdown/?by=team,model&days=30",
    f"{ANALYTICS}/breakdown/?by=model,provider,endpoint&days=90",
    f"{ANALYTICS}/requests/",
    f"{ANALYTICS}/requests/?user_id=user-1990&organization=Organization%200",
    f"{ANALYTICS}/requests/?errors=true",
    f"{ANALYTICS}/langsmith/health/",
    "/costs",
    "/costs?teamId=team-3&projectId=project-3&groupBy=userId,model",
    "/costs?groupBy=day,provider&days=90&format=csv",
    "/api/openapi.json",
    "/api/docs",
)


class Measured(msgspec.Struct, frozen=True):
    """One address, asked by somebody."""

    who: str
    address: str
    status: int
    p50_ms: float
    p95_ms: float
    kilobytes: float


def credentials() -> dict[str, dict[str, str]]:
    """Headers of the operator and of a key, made in the database."""
    use_django()
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from headgate.control.keys.operations import create_key
    from headgate.control.organizations.models import Organization, User

    operator, _ = User.objects.get_or_create(username="bench", is_staff=True, is_superuser=True)
    session: Any = SessionStore()
    session[SESSION_KEY] = str(operator.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = operator.get_session_auth_hash()
    session.save()
    plain = create_key(Organization.objects.get(name="Organization 0"), "bench").plain
    return {
        "operator": {"cookie": f"headgate_session={session.session_key}"},
        "key": {"authorization": f"Bearer {plain}"},
    }


def measure(port: int, who: str, address: str, headers: dict[str, str]) -> Measured:
    """Ask once to warm up, then as often as counts."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    took: list[float] = []
    body, status = b"", 0
    for number in range(CALLS + 1):
        begin = time.perf_counter()
        connection.request("GET", address, headers=headers)
        answer = connection.getresponse()
        body, status = answer.read(), answer.status
        if number:
            took.append((time.perf_counter() - begin) * 1000)
    connection.close()
    p95 = statistics.quantiles(took, n=20, method="inclusive")[-1]
    return Measured(who, address, status, statistics.median(took), p95, len(body) / 1024)


def main() -> int:
    """Start the console, ask, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--out", default="pages", help="name of the file of results")
    args = parser.parse_args()
    callers = credentials()
    port = free_port()
    console = Running(python("-m", "headgate", "console", "--port", str(port)), core=1, environ=os.environ, port=port)
    found: list[Measured] = []
    try:
        for address in ADDRESSES:
            for who, headers in callers.items():
                found.append(measure(port, who, address, headers))
                show(found[-1])
    finally:
        console.stop()
    write(RESULTS / f"{args.out}.json", found)
    worst = max(each.p95_ms for each in found)
    print(f"{len(found)} calls, the slowest at p95: {worst:.0f} ms (bound {BOUND_MS} ms)")
    return 0 if worst < BOUND_MS else 1


def show(measured: Measured) -> None:
    """One line."""
    print(
        f"{measured.who:9} {measured.address[:78]:78} {measured.status}  p50 {measured.p50_ms:7.1f} ms  "
        f"p95 {measured.p95_ms:7.1f} ms  {measured.kilobytes:7.1f} kB",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
