"""LangSmith is away in every way there is, under a steady load: nothing fails, nothing is lost, nothing is doubled."""

import itertools
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from langsmith._internal._sampling import is_sampled_by_id

from headgate.domain.ids import RequestId
from headgate.domain.trace import run_id_of
from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.langsmith_server import LangSmithServer
from tests.kit.traced import ask, caught_up, node

CLIENTS = 4
RATE = 0.6
AWAY_S = 3.0
"""Of each of the four outages."""
PARENT = "20260101T120000000000Z019b7959-057b-7000-8000-{:012x}"

pytestmark = pytest.mark.timeout(300)


class Asked(NamedTuple):
    """A request that was answered."""

    status: int
    request_id: str
    parent: str | None
    """The caller's run: its trace and dotted order are one."""


@pytest.fixture
def server() -> Iterator[LangSmithServer]:
    with LangSmithServer() as running:
        yield running


@contextmanager
def steady_load(gateway: GatewayProcess) -> Iterator[list[Asked]]:
    """Clients that ask about twenty times a second, every third time below a run of their own."""
    stop, answered, numbers = threading.Event(), list[Asked](), itertools.count()

    def client() -> None:
        while not stop.wait(0.2):
            number = next(numbers)
            parent = PARENT.format(number) if number % 3 == 0 else None
            answered.append(ask_below(gateway, number, parent))

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield answered
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def ask_below(gateway: GatewayProcess, number: int, parent: str | None) -> Asked:
    body = {"model": "sim/small", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 20}
    headers = {"authorization": f"Bearer {gateway.key}"} | ({"langsmith-trace": parent} if parent else {})
    request = urllib.request.Request(
        f"{gateway.url}/v1/chat/completions", json.dumps(body | {"stream": number % 2 == 0}).encode(), headers
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()
        return Asked(answer.status, answer.headers["x-request-id"], parent)


def outages(server: LangSmithServer) -> list[tuple[Callable[[], None], Callable[[], None]]]:
    """How it goes, and how it comes back."""

    def answer(status: int | None, retry_after: str | None = None) -> Callable[[], None]:
        def change() -> None:
            server.status, server.retry_after = status, retry_after

        return change

    return [
        (server.stop, server.start),
        (server.fall_silent, server.speak),
        (answer(503), answer(None)),
        (answer(429, "2"), answer(None)),
    ]


def check_runs(gateway: GatewayProcess, server: LangSmithServer, answered: list[Asked]) -> None:
    """Every sampled request is one run below its caller's, its attempt one below that, and no other run is there."""
    traces = {
        each.request_id: each.parent[-36:] if each.parent else str(run_id_of(RequestId(each.request_id)))
        for each in answered
    }
    parents = {each.request_id: each.parent for each in answered}
    sampled = {request_id for request_id, trace in traces.items() if is_sampled_by_id(trace, RATE)}
    roots = server.roots()
    assert sampled == roots.keys()
    assert 0 < len(sampled) < len(traces)
    assert len(server.latest) == 2 * len(sampled)
    for request_id, root in roots.items():
        (attempt,) = server.below(root)
        _check_place(root, attempt, traces[request_id], parents[request_id])
    # What was told again, for nobody had said that it was taken, is told with the same ids and words.
    assert [] == [times for times in server.runs.values() if any(each != times[0] for each in times)]
    events = gateway.rows("SELECT request_id, amount_nano FROM headgate_cost_event")
    assert sorted((row["request_id"], row["amount_nano"]) for row in events if row["request_id"] in sampled) == sorted(
        (said["request_id"], int(said["usage_metadata"]["total_cost"].scaleb(9)))
        for said in (server.below(root)[0]["extra"]["metadata"] for root in roots.values())
    )


def _check_place(root: dict[str, Any], attempt: dict[str, Any], trace: str, parent: str | None) -> None:
    assert (trace, trace, root["id"]) == (root["trace_id"], attempt["trace_id"], attempt["parent_run_id"])
    assert (parent[-36:] if parent else None) == root.get("parent_run_id")
    assert root["dotted_order"].startswith(f"{parent}." if parent else "2")
    assert attempt["dotted_order"].startswith(root["dotted_order"] + ".")


@pytest.mark.parametrize("without_multipart", [False, True], ids=["multipart", "batch"])
def test_every_sampled_run_is_there_once_after_every_kind_of_outage(
    tmp_path: Path, server: LangSmithServer, database_url: str | None, without_multipart: bool
) -> None:
    server.without_multipart = without_multipart
    rate = {"LANGSMITH_TRACING_SAMPLING_RATE": str(RATE)}
    with node(tmp_path / "data", server, database_url, **rate) as gateway:
        with steady_load(gateway) as answered:
            for goes, comes_back in outages(server):
                told = len(server.runs)
                wait_until(lambda told=told: len(server.runs) > told, within_s=90, what="runs while it is there")
                goes()
                before, asked = len(server.latest), len(answered)
                threading.Event().wait(AWAY_S)
                assert len(answered) > asked + 10
                assert len(server.latest) <= before + 200
                comes_back()
        caught_up(gateway, answered)
        check_runs(gateway, server, answered)
    assert {200} == {each.status for each in answered}
    # A hundred at most were on their way when it was cut off; nothing else was told of twice.
    assert sum(len(times) - 1 for times in server.runs.values()) <= 200


def test_a_silent_langsmith_holds_up_no_stop_and_gets_everything_after_the_next_start(
    tmp_path: Path, server: LangSmithServer
) -> None:
    server.fall_silent()
    with node(tmp_path / "data", server, None) as gateway:
        statuses = [ask(gateway, number) for number in range(10)]
        wait_until(lambda: any(path == "/runs/multipart" for _, path in server.requests), what="a batch that hangs")
    assert {} == server.runs
    server.speak()
    with node(tmp_path / "data", server, None) as gateway:
        caught_up(gateway, statuses)
    assert 10 == len(server.roots())
    assert {1} == {len(times) for times in server.runs.values()}
