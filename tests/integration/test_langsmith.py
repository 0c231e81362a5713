"""LangSmith is away under load and workers are killed: no request fails, no run is lost, none is doubled."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.kit.environment import clean_environment
from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.langsmith_server import KEY, LangSmithServer
from tests.kit.postgres import needs_postgres
from tests.kit.traced import ask, caught_up, load, more, node

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def server() -> Iterator[LangSmithServer]:
    with LangSmithServer() as running:
        yield running


def compare(gateway: GatewayProcess, server: LangSmithServer, statuses: list[int]) -> None:
    """Every request is one run, every cost event one below it, and what came twice was the same."""
    logged = {row["request_id"] for row in gateway.rows("SELECT request_id FROM headgate_request_log")}
    events = gateway.rows("SELECT request_id, amount_nano FROM headgate_cost_event")
    roots = server.roots()
    assert len(statuses) == len(logged)
    assert logged == roots.keys()
    below = [run for run in server.latest.values() if run["run_type"] == "llm"]
    assert len(server.latest) == len(roots) + len(below)
    assert sorted((event["request_id"], event["amount_nano"]) for event in events) == sorted(
        (said["request_id"], int(said["usage_metadata"]["total_cost"].scaleb(9)))
        for said in (run["extra"]["metadata"] for run in below)
    )
    assert [] == [times for times in server.runs.values() if any(each != times[0] for each in times)]
    assert b"secret" not in b"".join(server.raw)


def kill(gateway: GatewayProcess, role: str) -> None:
    with suppress(ProcessLookupError):
        os.kill(wait_until(lambda: gateway.pids(role), what=f"the {role}")[0], signal.SIGKILL)


def once(action: Callable[[], None]) -> Callable[[], None]:
    """The first call does it."""
    left = [action]
    return lambda: left.pop()() if left else None


def test_an_outage_and_killed_workers_lose_and_double_nothing(
    tmp_path: Path, server: LangSmithServer, database_url: str | None
) -> None:
    with node(tmp_path / "data", server, database_url) as gateway, load(gateway) as statuses:
        wait_until(lambda: server.runs, what="a run")
        server.stop()
        more(statuses, 60)
        kill(gateway, "worker")
        more(statuses, 60)
        server.start()
        more(statuses, 40)
        server.status = 503
        more(statuses, 40)
        kill(gateway, "worker")
        server.status = None
        # Killed right after LangSmith took a batch and before we heard of it: the batch is told again.
        server.on_taken = once(lambda: kill(gateway, "worker"))
        wait_until(lambda: max(map(len, list(server.runs.values())), default=0) > 1, what="a batch that is told again")
        more(statuses, 40)
    with node(tmp_path / "data", server, database_url) as gateway:
        caught_up(gateway, statuses)
        compare(gateway, server, statuses)
    assert {200, 404} == set(statuses)


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=needs_postgres)], indirect=True)
def test_two_nodes_tell_of_each_request_once(tmp_path: Path, server: LangSmithServer, database_url: str | None) -> None:
    first, second = (node(tmp_path / name, server, database_url) for name in ("one", "two"))
    with first, second:
        with load(first, second) as statuses:
            more(statuses, 80)
            kill(first, "worker")
            more(statuses, 80)
        caught_up(first, statuses)
        compare(first, server, statuses)


def test_a_tenth_is_not_everything_and_callers_runs_stay_whole(tmp_path: Path, server: LangSmithServer) -> None:
    parent = "20260101T120000000000Z019b7959-057b-7000-8000-{:012x}"
    with node(tmp_path / "data", server, None, LANGSMITH_TRACING_SAMPLING_RATE="0.3") as gateway:
        statuses = [ask(gateway, number) for number in range(60)]
        traces = [parent.format(number) for number in range(20)]
        statuses += [ask(gateway, 1, **{"langsmith-trace": trace}) for trace in traces for _ in range(3)]
        caught_up(gateway, statuses)
    roots = list(server.roots().values())
    alone = [run for run in roots if "parent_run_id" not in run]
    nested = {trace[-36:]: [run for run in roots if run["trace_id"] == trace[-36:]] for trace in traces}
    assert 5 < len(alone) < 35
    assert {0, 3} == {len(below) for below in nested.values()}


def test_without_a_key_the_worker_says_that_tracing_is_off(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "data", workers=1) as gateway:
        ask(gateway, 1)
        wait_until(lambda: gateway.rows("SELECT * FROM headgate_request_log"), what="the row")
        assert [] == gateway.rows("SELECT * FROM headgate_delivery")
        assert "LANGSMITH_API_KEY is not set" in gateway.log()


def test_texts_are_told_of_where_they_are_kept_and_redacted(
    tmp_path: Path, server: LangSmithServer, database_url: str | None
) -> None:
    with node(tmp_path / "data", server, database_url) as gateway:
        gateway.control(
            "from headgate.control.organizations.models import Organization\n"
            "from headgate.control.organizations.operations import save_organization\n"
            "row = Organization.objects.get()\n"
            "row.capture_content = True\n"
            "save_organization(row)"
        )
        gateway.wait_for_revision(gateway.revision())
        statuses = [ask(gateway, number, text=f"mail anna{number}@example.com") for number in range(6)]
        caught_up(gateway, statuses)
    roots = server.roots()
    assert 6 == len(roots)
    for root in roots.values():
        (attempt,) = server.below(root)
        assert "mail [e-mail]" == root["inputs"]["messages"][0]["content"]
        assert root["outputs"]["content"]
        assert (root["inputs"], root["outputs"]) == (attempt["inputs"], attempt["outputs"])
    assert b"example.com" not in b"".join(server.raw)


CALLER = """
from headgate.client import Headgate, create_trace, track_cost, traceable
import langsmith.run_trees

@traceable(name="shorten")
def shorten(text):
    with Headgate() as client:
        return client.generate_text(model="sim/small", messages=text, task="caption").content

with create_trace("custom_feature", {"query": "a question"}, ["feature-x"], user_id="anna") as trace:
    shorten("a long text")
    trace.outputs = {"answer": 42}
print(trace.requests, trace.cost)
langsmith.run_trees.get_cached_client().flush()
"""


def test_calls_in_a_callers_trace_stand_below_it(tmp_path: Path, server: LangSmithServer) -> None:
    with node(tmp_path / "data", server, None) as gateway:
        caller = clean_environment(tmp_path) | {
            "HEADGATE_BASE_URL": gateway.url,
            "HEADGATE_API_KEY": gateway.key,
            "LANGSMITH_API_KEY": KEY,
            "LANGSMITH_ENDPOINT": server.url,
            "LANGSMITH_PROJECT": "the-callers",
        }
        done = subprocess.run([sys.executable, "-c", CALLER], env=caller, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        caught_up(gateway, [200])
    by_name = {run["name"]: run for run in server.latest.values()}
    outer, inner, call = by_name["custom_feature"], by_name["shorten"], by_name["ai.generate.caption"]
    assert (outer["id"], inner["id"]) == (inner["parent_run_id"], call["parent_run_id"])
    assert {outer["id"]} == {run["trace_id"] for run in (outer, inner, call)}
    assert call["dotted_order"].startswith(inner["dotted_order"] + ".")
    assert {"the-callers"} == {run["session_name"] for run in (outer, inner, call)}
    assert ("anna", "anna") == (call["extra"]["metadata"]["user_id"], outer["extra"]["metadata"]["user_id"])
    assert {"answer": 42} == outer["outputs"]
    requests, cost = done.stdout.split()
    assert ("1", call["extra"]["metadata"]["cost_usd"]) == (requests, cost)
