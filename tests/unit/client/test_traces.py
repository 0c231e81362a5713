from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest
from langsmith import RunTree
from langsmith.run_helpers import tracing_context

from headgate.client import Generation, Usage, create_trace, traceable
from headgate.client.traces import count, current_labels, current_trace, is_on, trace_headers
from tests.kit.python_client import WHEN, Both, Scripted, answered, chunks, streamed

CALL = Generation(
    request_id="aigw_1_a",
    content="Hi",
    usage=Usage(prompt_tokens=3, completion_tokens=2, total_tokens=5),
    latency_ms=1.0,
    cost=Decimal("0.00014"),
    model="m",
    provider="p",
    finish_reason="stop",
    timestamp=WHEN,
)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("LANGSMITH_API_KEY", raising=False)
    return


def test_a_trace_adds_up_its_calls_and_those_of_traces_inside():
    with create_trace("outer") as outer:
        count(CALL)
        with create_trace("inner") as inner:
            count(CALL)
            assert inner is current_trace()
        assert outer is current_trace()
    assert current_trace() is None
    assert (2, 6, 4, 10, Decimal("0.00028")) == (
        outer.requests,
        outer.prompt_tokens,
        outer.completion_tokens,
        outer.total_tokens,
        outer.cost,
    )
    assert (1, Decimal("0.00014")) == (inner.requests, inner.cost)


def test_a_sum_with_something_unknown_is_unknown():
    with create_trace("t") as trace:
        count(msgspec.structs.replace(CALL, cost=None, usage=None))
        count(CALL)
    assert (2, None, 5) == (trace.requests, trace.cost, trace.total_tokens)


async def test_calls_in_a_trace_are_counted_and_charged_to_its_user(kind: str):
    client = Both(kind, Scripted(answered(), streamed(chunks("Hi")), answered(), answered()))
    with create_trace("feature", {"query": "q"}, ["x"], user_id=123) as trace:
        await client.ask()
        await client.stream()
        await client.ask(user_id="somebody else")
        await client.call("batch_generate", [{"model": "gpt-4o", "messages": "Hi"}])
    assert (4, 440, Decimal("0.00056")) == (trace.requests, trace.total_tokens, trace.cost)
    assert ["123", "123", "somebody else", "123"] == [
        request.headers["x-headgate-user"] for request in client.gateway.asked
    ]


def test_an_inner_trace_without_a_user_has_the_outer_ones():
    assert {} == current_labels()
    with create_trace("outer", user_id="anna"), create_trace("inner"):
        assert {"user_id": "anna"} == current_labels()


def test_a_trace_that_fails_is_closed():
    with pytest.raises(ZeroDivisionError), create_trace("t"):
        raise ZeroDivisionError
    assert current_trace() is None


def test_without_a_key_a_traceable_function_is_itself():
    def work() -> int:
        return 1

    assert work is traceable(work)
    assert work is traceable(name="other")(work)


def test_tracing_is_on_with_a_key_unless_it_is_switched_off():
    assert not is_on({})
    assert is_on({"LANGSMITH_API_KEY": "k"})
    assert not is_on({"LANGSMITH_API_KEY": "k", "LANGSMITH_TRACING_ENABLED": "False"})


async def test_a_call_inside_a_run_says_below_which(kind: str):
    run = RunTree(name="outer", project_name="theirs", tags=["x"])
    client = Both(kind, Scripted(answered()))
    assert {} == trace_headers()
    with tracing_context(parent=run, enabled="local"):
        await client.ask()
    (request,) = client.gateway.asked
    assert run.dotted_order == request.headers["langsmith-trace"]
    assert "langsmith-project=theirs" in request.headers["baggage"]
