"""Runs and attempts: what LangSmith is told of a request, made of real rows."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import orjson
import pytest

from headgate.control.organizations.models import Organization
from headgate.control.requestlog.models import Content
from headgate.control.sinks.queries import waiting
from headgate.domain.ids import DeploymentId, RequestId
from headgate.domain.outcome import Outcome
from headgate.domain.trace import run_id_of
from headgate.ledger.records import Tried
from headgate.worker.sinks.langsmith.runs import runs_of
from tests.kit.books import NOON
from tests.kit.deliveries import REQUEST, post_told

pytestmark = pytest.mark.django_db
RUN = "20260101T115958000000Z019b7959-057b-7000-8000-000000000001"
ARRIVED = dt.datetime(2026, 1, 1, 11, 59, 59, tzinfo=dt.UTC)


def runs(**posted: Any) -> list[dict[str, Any]]:
    Organization.objects.get_or_create(id="0" * 32, defaults={"name": "Acme"})
    post_told(**posted)
    found = waiting("langsmith", 10)[0][-1]
    return runs_of(found, "our-project")


def metadata(run: dict[str, Any]) -> dict[str, Any]:
    return run["extra"]["metadata"]


def tried(deployment: str, outcome: Outcome = Outcome.OK, **changes: Any) -> Tried:
    given = {"provider": "openai", "model": "gpt", "status": 200, "error": None, "ms": 1000.0, "cost": 5} | changes
    return Tried(deployment_id=DeploymentId(deployment), outcome=outcome, **given)


def test_a_request_is_a_run_with_everything_that_is_known_and_no_content():
    request, _ = runs()
    assert {
        "id": run_id_of(REQUEST),
        "trace_id": run_id_of(REQUEST),
        "dotted_order": f"20260101T115959000000Z{run_id_of(REQUEST)}",
        "name": "ai.generate",
        "run_type": "chain",
        "start_time": ARRIVED,
        "end_time": ARRIVED + dt.timedelta(milliseconds=120.5),
        "session_name": "our-project",
        "inputs": {},
        "outputs": {},
        "error": None,
        "tags": ["anthropic", "headgate"],
    } == {name: value for name, value in request.items() if name != "extra"}
    assert {
        "request_id": REQUEST,
        "organization_id": "0" * 32,
        "organization": "Acme",
        "key_id": "1" * 32,
        "team": "t1",
        "endpoint": "/v1/messages",
        "model": "claude",
        "provider": "anthropic",
        "outcome": "ok",
        "status": 200,
        "attempts": 1,
        "stream": True,
        "prompt_tokens": 15,
        "completion_tokens": 7,
        "total_tokens": 22,
        "cost_usd": "0.000001234",
        "estimated": False,
        "latency_ms": 120.5,
        "first_content_ms": 30.0,
        "prompt_sha256": "ab" * 32,
    } == metadata(request)


def test_its_attempt_is_a_model_call_below_it_with_usage_and_cost():
    request, attempt = runs()
    began = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    assert {
        "id": run_id_of(REQUEST, 1),
        "trace_id": request["id"],
        "parent_run_id": request["id"],
        "dotted_order": f"{request['dotted_order']}.20260101T120000000000Z{run_id_of(REQUEST, 1)}",
        "name": "anthropic/claude-sonnet-4-5-20250929",
        "run_type": "llm",
        "start_time": began,
        "end_time": began + dt.timedelta(seconds=3),
        "session_name": "our-project",
        "inputs": {},
        "outputs": {},
        "error": None,
        "tags": ["anthropic"],
    } == {name: value for name, value in attempt.items() if name != "extra"}
    said = metadata(attempt)
    usage = said.pop("usage_metadata")
    assert b'{"input_tokens":15,"output_tokens":7,"total_tokens":22,"total_cost":0.000001234}' == orjson.dumps(usage)
    assert {
        "request_id": REQUEST,
        "attempt": 1,
        "deployment_id": "env:anthropic",
        "outcome": "ok",
        "status": 200,
        "ls_provider": "anthropic",
        "ls_model_name": "claude-sonnet-4-5-20250929",
        "ls_model_type": "chat",
        "card_id": "anthropic/claude@always#2",
        "cost_usd": "0.000001234",
        "upstream_request_id": "req_1",
        "service_tier": "priority",
    } == said


def test_below_a_callers_run_it_is_in_that_trace_and_project_with_its_tags_and_metadata():
    baggage = "langsmith-metadata=%7B%22customer%22%3A7%2C%22request_id%22%3A%22theirs%22%7D,langsmith-tags=b%2Ca,langsmith-project=theirs"
    request, attempt = runs(context={"langsmith": RUN, "baggage": baggage})
    parent = uuid.UUID(RUN[-36:])
    assert (parent, parent, f"{RUN}.20260101T115959000000Z{run_id_of(REQUEST)}") == (
        request["trace_id"],
        request["parent_run_id"],
        request["dotted_order"],
    )
    assert ("theirs", ["a", "anthropic", "b", "headgate"]) == (request["session_name"], request["tags"])
    assert (7, REQUEST) == (metadata(request)["customer"], metadata(request)["request_id"])
    assert (parent, request["id"], "theirs") == (attempt["trace_id"], attempt["parent_run_id"], attempt["session_name"])


def test_a_refusal_is_a_run_with_an_error_and_nothing_below():
    (request,) = runs(
        attempts=[],
        outcome=Outcome.REFUSED,
        status=403,
        error="policy_blocked",
        message="Model gpt-4 is blocked.",
        provider=None,
        usage=None,
        cost=None,
    )
    assert "policy_blocked: Model gpt-4 is blocked." == request["error"]
    assert not {"cost_usd", "prompt_tokens", "provider"} & metadata(request).keys()
    assert ["headgate"] == request["tags"]


def test_every_attempt_of_a_fallback_is_below_with_its_error():
    failed = {"outcome": Outcome.REJECTED, "usage": None, "cost": 0, "status": 529, "error": "status_529"}
    request, first, lost, third = runs(
        attempts=[
            ({"deployment_id": DeploymentId("one")}, failed),
            ({"deployment_id": DeploymentId("two")}, {"outcome": Outcome.UNREACHED, "usage": None, "cost": 0}),
            ({"deployment_id": DeploymentId("three"), "at": NOON + 2}, {"at": NOON + 5}),
        ],
        tries=(
            tried("one", Outcome.REJECTED, status=529, error="status_529"),
            tried("two", Outcome.UNREACHED, status=None, error="upstream_unreachable", ms=250.0, cost=0),
            tried("three"),
        ),
    )
    assert ["status_529", "upstream_unreachable", None] == [run["error"] for run in (first, lost, third)]
    assert ["one", "two", "three"] == [metadata(run)["deployment_id"] for run in (first, lost, third)]
    assert [run_id_of(REQUEST, number) for number in (1, 2, 3)] == [run["id"] for run in (first, lost, third)]
    assert (first["end_time"], dt.timedelta(milliseconds=250)) == (
        lost["start_time"],
        lost["end_time"] - lost["start_time"],
    )
    assert dt.timedelta(seconds=1) == third["end_time"] - third["start_time"]
    assert request["error"] is None
    assert "usage_metadata" in metadata(third)


def test_an_attempt_whose_event_is_still_to_come_is_told_as_the_log_has_it():
    *_, late = runs(
        attempts=[({"deployment_id": DeploymentId("one")}, {})],
        tries=(tried("one"), tried("two", Outcome.ESTIMATED, cost=9_000, error="abandoned")),
    )
    assert ("abandoned", "0.000009000") == (late["error"], metadata(late)["cost_usd"])
    assert b'{"total_cost":0.000009000}' == orjson.dumps(metadata(late)["usage_metadata"])


def test_what_is_not_known_is_left_out_and_is_not_zero():
    _, attempt = runs(attempts=[({}, {"usage": None, "cost": None})])
    assert not {"usage_metadata", "cost_usd"} & metadata(attempt).keys()


def test_a_stream_that_broke_off_is_an_error_and_one_without_usage_is_none():
    broken, _ = runs(outcome=Outcome.ESTIMATED, error="upstream_broken", message="It broke off.")
    assert "upstream_broken: It broke off." == broken["error"]
    unknown, _ = runs(request_id="aigw_2_b", outcome=Outcome.ESTIMATED, error="usage_missing")
    assert (None, True) == (unknown["error"], metadata(unknown)["estimated"])


def test_of_what_a_dead_worker_left_the_end_is_that_of_its_event():
    orphaned = {"status": None, "latency_ms": None, "error": "orphaned", "message": "The process ended."}
    request, attempt = runs(outcome=Outcome.ESTIMATED, **orphaned)
    assert (attempt["end_time"], "orphaned: The process ended.") == (request["end_time"], request["error"])


def test_a_task_is_in_the_name():
    from headgate.domain.principal import Attribution

    request, _ = runs(attribution=Attribution(task="caption", user="anna"))
    assert ("ai.generate.caption", "anna", "caption") == (
        request["name"],
        metadata(request)["user_id"],
        metadata(request)["task"],
    )
    assert "caption" in request["tags"]


def test_amounts_are_exact():
    request, _ = runs(request_id=RequestId("aigw_3_c"), cost=9_007_199_254_740_993)
    assert Decimal("9007199.254740993") == Decimal(metadata(request)["cost_usd"])


def keep(request: str | None, answer: str | None) -> None:
    for side, text in (("request", request), ("answer", answer)):
        if text is not None:
            Content.objects.create(
                id=f"{REQUEST}:{side}:0",
                request_id=REQUEST,
                organization_id="0" * 32,
                occurred_at=ARRIVED,
                side=side,
                number=0,
                text=text,
            )


def test_texts_are_inputs_and_outputs_where_they_are_kept():
    Organization.objects.create(id="0" * 32, name="Acme", capture_content=True)
    keep('{"model":"m","messages":[{"role":"user","content":"Hi"}]}', '{"role":"assistant","content":"Ho"}')
    request, attempt = runs()
    assert {"model": "m", "messages": [{"role": "user", "content": "Hi"}]} == request["inputs"] == attempt["inputs"]
    assert {"role": "assistant", "content": "Ho"} == request["outputs"] == attempt["outputs"]


def test_what_was_cut_short_goes_as_text():
    Organization.objects.create(id="0" * 32, name="Acme", capture_content=True)
    keep('{"model":"m","mess', None)
    request, _ = runs()
    assert ({"text": '{"model":"m","mess'}, {}) == (request["inputs"], request["outputs"])


def test_an_organization_that_does_not_keep_texts_any_more_shows_none_of_those_it_kept():
    Organization.objects.create(id="0" * 32, name="Acme", capture_content=False)
    keep('{"model":"m"}', None)
    request, _ = runs()
    assert {} == request["inputs"]
