"""What both clients do; each test runs with the one that waits and with the one that does not."""

import asyncio
import threading
from decimal import Decimal

import httpx2
import msgspec
import pytest

from headgate.client import (
    AsyncHeadgate,
    BatchFailed,
    BudgetExceeded,
    Conflict,
    ConnectionFailed,
    Generation,
    Headgate,
    NotAuthenticated,
    NotReadYet,
    ProviderError,
    StreamBroken,
    TimedOut,
    Unavailable,
    Usage,
)
from tests.kit.python_client import (
    ADDRESS,
    KEY,
    WHEN,
    Both,
    Pieces,
    Scripted,
    answered,
    chunks,
    completion,
    refused,
    streamed,
)


def both(kind: str, *script, **options) -> Both:
    return Both(kind, Scripted(*script), **options)


async def test_an_answer_carries_all_that_is_known_of_it(kind: str):
    client = both(kind, answered())
    assert (
        Generation(
            request_id="aigw_1_a",
            content="Hi there",
            usage=Usage(prompt_tokens=100, completion_tokens=10, total_tokens=110),
            latency_ms=0.0,
            cost=Decimal("0.00014"),
            model="gpt-4o-2024-11-20",
            provider="openai",
            finish_reason="stop",
            timestamp=WHEN,
            costs={"EUR": Decimal("0.000112")},
            idempotency_key="drawn-1",
        )
        == await client.ask()
    )


async def test_a_call_goes_to_the_chat_door_with_its_key_and_whom_to_charge(kind: str):
    client = both(kind, answered())
    await client.ask(
        tenant_id="Acme",
        user_id=123,
        agent_id="agent-7",
        team_id="search",
        project_id="p",
        app_id="a",
        client_id="c",
        task="caption",
        temperature=0.0,
        max_tokens=50,
        extra_body={"top_p": 0.5},
        extra_headers={"X-Trace": "t"},
    )
    (request,) = client.gateway.asked
    assert f"{ADDRESS}/v1/chat/completions" == str(request.url)
    sent = {name: value for name, value in request.headers.items() if name.startswith("x-") or name == "authorization"}
    assert {
        "authorization": f"Bearer {KEY}",
        "x-headgate-organization": "Acme",
        "x-headgate-user": "123",
        "x-headgate-agent": "agent-7",
        "x-headgate-team": "search",
        "x-headgate-project": "p",
        "x-headgate-app": "a",
        "x-headgate-client": "c",
        "x-headgate-task": "caption",
        "x-headgate-receipt": "true",
        "x-trace": "t",
    } == sent
    assert [
        {
            "model": "gpt-4o",
            "messages": [{"role": "user", "content": "Hello"}],
            "temperature": 0.0,
            "max_tokens": 50,
            "top_p": 0.5,
        }
    ] == client.gateway.bodies


async def test_the_environment_says_where_and_as_whom(kind: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HEADGATE_BASE_URL", "http://elsewhere.localhost:9000/v1/")
    monkeypatch.setenv("HEADGATE_API_KEY", "sk-hg-of-the-environment")
    client = both(kind, answered(), base_url=None, api_key=None)
    await client.ask()
    (request,) = client.gateway.asked
    assert "http://elsewhere.localhost:9000/v1/chat/completions" == str(request.url)
    assert "Bearer sk-hg-of-the-environment" == request.headers["authorization"]


async def test_texts_come_as_they_are_written_and_the_result_at_their_end(kind: str):
    client = both(kind, streamed(chunks("Hi", " there")), answered())
    texts, stream = await client.stream()
    assert ["Hi", " there"] == texts
    whole = await client.ask()
    assert whole == msgspec.structs.replace(stream.result, idempotency_key="drawn-2")
    assert {"stream": True, "stream_options": {"include_usage": True}}.items() <= client.gateway.bodies[0].items()


async def test_before_its_end_a_stream_has_no_result(kind: str):
    client = both(kind)
    stream = client.client.generate_text_stream(model="gpt-4o", messages="Hello")
    with pytest.raises(NotReadYet):
        _ = stream.result
    assert [] == client.gateway.asked


@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        (chunks("Hi", done=False, receipt=False), None),
        (chunks("Hi", done=False), None),
        (chunks("Hi", done=False, receipt=False), httpx2.ReadError("reset")),
        (
            [*chunks("Hi", done=False, receipt=False), b'data: {"error": {"message": "It broke.", "code": "x"}}\n\n'],
            None,
        ),
    ],
    ids=["cut", "cut with a receipt", "connection lost", "error event"],
)
async def test_a_stream_that_is_not_whole_ends_in_an_error(kind: str, pieces: list[bytes], error: Exception | None):
    client = both(kind, streamed(pieces, error))
    with pytest.raises(StreamBroken) as broken:
        await client.stream()
    assert "aigw_1_a" == broken.value.request_id
    assert 1 == len(client.gateway.asked)


async def test_a_stream_that_is_left_is_closed(kind: str):
    pieces = Pieces(chunks("Hi", " there"))
    client = both(kind, httpx2.Response(200, stream=pieces))
    stream = client.client.generate_text_stream(model="gpt-4o", messages="Hello")
    if kind == "sync":
        with stream:
            assert "Hi" == next(iter(stream.stream))
    else:
        async with stream:
            assert "Hi" == await anext(stream.stream)
    assert pieces.closed


async def test_what_may_pass_is_sent_again_with_the_same_key_and_the_same_bytes(kind: str):
    client = both(kind, refused(503, "not_ready"), httpx2.ReadTimeout("silent"), answered())
    answer = await client.ask()
    assert "drawn-1" == answer.idempotency_key
    assert 1 == len({(request.headers["idempotency-key"], request.content) for request in client.gateway.asked})
    assert [0.25, 0.5] == client.gateway.stopped.waits
    assert 750 == answer.latency_ms


async def test_two_calls_have_two_keys(kind: str):
    client = both(kind, answered(), answered(), answered())
    await client.ask()
    await client.ask()
    await client.ask(idempotency_key="order-4711")
    assert ["drawn-1", "drawn-2", "order-4711"] == [
        request.headers["idempotency-key"] for request in client.gateway.asked
    ]


async def test_the_beginning_of_a_stream_is_tried_again_too(kind: str):
    client = both(kind, httpx2.ConnectError("refused"), streamed(chunks("Hi")))
    texts, _ = await client.stream()
    assert (["Hi"], 2) == (texts, len(client.gateway.asked))


async def test_what_cannot_pass_is_not_sent_again(kind: str):
    client = both(kind, refused(401, "invalid_api_key"))
    with pytest.raises(NotAuthenticated):
        await client.ask()
    assert [] == client.gateway.stopped.waits


async def test_a_budget_does_not_refill_by_asking(kind: str):
    client = both(kind, refused(429, "limit_exceeded", x_should_retry="false", retry_after="30"))
    with pytest.raises(BudgetExceeded) as raised:
        await client.ask()
    assert (30.0, "aigw_1_a") == (raised.value.retry_after_s, raised.value.request_id)


async def test_after_the_last_try_the_caller_sees_what_happened(kind: str):
    client = both(kind, *[refused(503, "not_ready", retry_after="1") for _ in range(3)])
    with pytest.raises(Unavailable):
        await client.ask()
    assert [1.25, 1.5] == client.gateway.stopped.waits


async def test_without_idempotency_only_what_was_not_sent_is_sent_again(kind: str):
    client = both(kind, httpx2.ConnectError("refused"), httpx2.ReadTimeout("silent"), idempotent=False)
    with pytest.raises(TimedOut) as raised:
        await client.ask()
    assert not raised.value.unsent
    assert "idempotency-key" not in client.gateway.asked[0].headers
    assert 2 == len(client.gateway.asked)


async def test_a_retry_that_learns_that_the_outcome_is_unknown_tells_of_its_cause(kind: str):
    cause = httpx2.Response(
        502, json={"error": {"message": "It broke off.", "code": "upstream_broken", "source": "provider"}}
    )
    client = both(kind, cause, refused(409, "idempotency_outcome_unknown", x_should_retry="false"))
    with pytest.raises(ProviderError) as raised:
        await client.ask()
    assert "upstream_broken" == raised.value.code
    assert isinstance(raised.value.__cause__, Conflict)


async def test_an_unreachable_gateway_is_named(kind: str):
    client = both(kind, httpx2.ConnectError("refused"), max_retries=0)
    with pytest.raises(ConnectionFailed, match=ADDRESS) as raised:
        await client.ask()
    assert raised.value.unsent


async def test_a_batch_comes_in_the_order_of_its_questions(kind: str):
    def echo(request: httpx2.Request) -> httpx2.Response:
        question = request.content.decode().partition('"content":"')[2].partition('"')[0]
        return answered(completion(f"to {question}"))

    client = both(kind, *[echo] * 20)
    questions = [{"model": "gpt-4o", "messages": str(number)} for number in range(20)]
    answers = await client.call("batch_generate", questions, concurrency=3)
    assert [f"to {number}" for number in range(20)] == [answer.content for answer in answers]
    assert 20 == len({answer.idempotency_key for answer in answers})


async def test_a_batch_that_fails_in_part_keeps_what_was_paid_for(kind: str):
    client = both(kind, answered(), refused(401, "invalid_api_key"), answered())
    questions = [{"model": "gpt-4o", "messages": str(number)} for number in range(3)]
    with pytest.raises(BatchFailed) as failed:
        await client.call("batch_generate", questions, concurrency=1)
    assert [Generation, NotAuthenticated, Generation] == [type(each) for each in failed.value.results]
    assert "1 of 3" in failed.value.message


async def test_a_batch_asks_no_more_at_once_than_it_may():
    running, most, lock = 0, 0, threading.Lock()
    full = threading.Barrier(3, timeout=10)

    def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        full.wait()
        with lock:
            running -= 1
        return answered()

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    with Headgate(base_url=ADDRESS, api_key=KEY, http_client=http) as client:
        questions = [{"model": "gpt-4o", "messages": str(number)} for number in range(9)]
        await asyncio.to_thread(client.batch_generate, questions, concurrency=3)
    assert 3 == most


async def test_a_client_closes_its_own_connections_and_leaves_those_that_it_was_given():
    mine = httpx2.Client()
    with Headgate(base_url=ADDRESS, api_key=KEY, http_client=mine):
        pass
    assert not mine.is_closed
    mine.close()
    theirs = httpx2.AsyncClient()
    async with AsyncHeadgate(base_url=ADDRESS, api_key=KEY, http_client=theirs):
        pass
    assert not theirs.is_closed
    await theirs.aclose()
    with Headgate(base_url=ADDRESS, api_key=KEY) as owner:
        pass
    assert owner._http.is_closed
    async with AsyncHeadgate(base_url=ADDRESS, api_key=KEY) as other:
        pass
    assert other._http.is_closed
