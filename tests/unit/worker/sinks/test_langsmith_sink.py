"""LangSmith's own client against a server that speaks its ingest protocol."""

import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest

from headgate.control.sinks.environment import LangSmithSettings
from headgate.control.sinks.queries import Waiting, waiting
from headgate.worker.sinks.langsmith.sink import LangSmithSink
from headgate.worker.sinks.sink import SinkAwayError, SinkRefusedError
from tests.kit.deliveries import post_told
from tests.kit.langsmith_server import KEY, PROJECT_ID, TENANT_ID, LangSmithServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[LangSmithServer]:
    with LangSmithServer() as running:
        yield running


@pytest.fixture
def sink(server: LangSmithServer) -> Iterator[LangSmithSink]:
    opened = LangSmithSink(LangSmithSettings(api_key=KEY, endpoint=server.url, project="mine"))
    yield opened
    opened.close()


def batch(*names: str) -> list[Waiting]:
    for name in names:
        post_told(name)
    return waiting("langsmith", 100)[0]


@pytest.mark.parametrize("without_multipart", [False, True], ids=["multipart", "batch"])
def test_runs_arrive_whole(server: LangSmithServer, sink: LangSmithSink, without_multipart: bool):
    server.without_multipart = without_multipart
    sink.tell(batch("aigw_1_a", "aigw_2_b"))
    roots = server.roots()
    assert {"aigw_1_a", "aigw_2_b"} == roots.keys()
    root = roots["aigw_1_a"]
    (attempt,) = server.below(root)
    assert ("mine", "chain", "llm") == (root["session_name"], root["run_type"], attempt["run_type"])
    assert Decimal("0.000001234") == attempt["extra"]["metadata"]["usage_metadata"]["total_cost"]
    assert b'"total_cost":0.000001234' in b"".join(server.raw)
    assert ("2026-01-01T11:59:59", "runtime" in root["extra"]) == (root["start_time"][:19], False)


def test_telling_again_changes_nothing(server: LangSmithServer, sink: LangSmithSink):
    told = batch("aigw_1_a")
    sink.tell(told)
    sink.tell(told)
    assert {2} == {len(times) for times in server.runs.values()}
    assert [] == [times for times in server.runs.values() if times[0] != times[1]]


def test_asking_uses_the_key(server: LangSmithServer, sink: LangSmithSink):
    sink.ask()
    assert [("GET", "/sessions?limit=1&name=mine")] == server.requests
    stranger = LangSmithSink(LangSmithSettings(api_key="wrong", endpoint=server.url))
    with pytest.raises(SinkAwayError, match="LangSmithAuthError"):
        stranger.ask()
    stranger.close()


def test_it_says_where_it_shows_a_project_once_there_is_one(server: LangSmithServer, sink: LangSmithSink):
    assert sink.ask() is None
    sink.tell(batch("aigw_1_a"))
    assert f"http://localhost/o/{TENANT_ID}/projects/p/{PROJECT_ID}" == sink.ask()


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 502, 503])
@pytest.mark.filterwarnings("ignore")
def test_what_is_about_the_moment_is_tried_again_later(server: LangSmithServer, sink: LangSmithSink, status: int):
    server.status = status
    with pytest.raises(SinkAwayError):
        sink.tell(batch("aigw_1_a"))
    server.status = None
    sink.tell(batch())
    assert {"aigw_1_a"} == server.roots().keys()


@pytest.mark.parametrize("without_multipart", [False, True], ids=["multipart", "batch"])
@pytest.mark.parametrize(("said", "seconds"), [("90", 90.0), ("soon", 0.0), (None, 0.0)])
def test_how_long_it_wants_to_be_left_alone_is_heard_and_not_slept(
    server: LangSmithServer, sink: LangSmithSink, said: str | None, seconds: float, without_multipart: bool
):
    server.without_multipart = without_multipart
    sink.tell(batch("aigw_1_a"))
    server.status, server.retry_after = 429, said
    with pytest.raises(SinkAwayError) as away:
        sink.tell(batch("aigw_2_b"))
    assert seconds == away.value.retry_after_s


def test_connections_that_are_cut_say_that_it_is_away(server: LangSmithServer, sink: LangSmithSink):
    sink.tell(batch("aigw_1_a"))
    server.fall_silent()
    cut = threading.Timer(0.1, server.stop)
    cut.start()
    with pytest.raises(SinkAwayError):
        sink.tell(batch("aigw_2_b"))
    assert {"aigw_1_a"} == server.roots().keys()


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_is_about_the_runs_is_not(server: LangSmithServer, sink: LangSmithSink, status: int):
    server.status = status
    with pytest.raises(SinkRefusedError):
        sink.tell(batch("aigw_1_a"))


def test_where_nobody_listens_it_is_away_and_its_key_is_not_told(server: LangSmithServer, sink: LangSmithSink):
    server.stop()
    with pytest.raises(SinkAwayError, match="LangSmithConnectionError") as away:
        sink.tell(batch("aigw_1_a"))
    assert KEY[:5] not in str(away.value)
    server.start()
    sink.tell(batch())
    assert {"aigw_1_a"} == server.roots().keys()
