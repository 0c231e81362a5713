"""Waits and faults: in memory where time is involved, over a socket where a broken connection is."""

from typing import Any

import anthropic
import httpx2
import msgspec
import openai
import pytest

from headgate.simulator import exchange

ORDER: list[Any] = [{"role": "user", "content": "hello"}]
CHAT = "/v1/chat/completions"
PROMPT = {"input": 8}
VERSION = {"anthropic-version": "2023-06-01"}


def chat(stream: bool, **knobs: Any) -> dict[str, Any]:
    knobs = {"output_tokens": 10, **knobs}
    return {"model": "small", "messages": ORDER, "stream": stream, "simulate": knobs}


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Lets time stand still and writes down what was to be waited."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(exchange, "sleep", sleep)
    return waits


async def test_waits_come_before_the_headers_and_before_the_body(in_memory: Any, slept: list[float]):
    for stream in (False, True):
        slept.clear()
        reply = await in_memory.post(CHAT, chat(stream, latency_ms=250, first_byte_ms=750))
        assert [0.25, 0.75] == slept
        assert (200, True) == (reply.status, reply.ended)


async def test_generation_takes_its_time_streamed_or_not(in_memory: Any, slept: list[float]):
    await in_memory.post(CHAT, chat(stream=False, tokens_per_second=4))
    assert [2.5] == slept
    slept.clear()
    await in_memory.post(CHAT, chat(stream=True, tokens_per_second=1, output_tokens=1_000))
    assert pytest.approx(range(1, 1_001), abs=1) == slept


async def test_a_long_quick_stream_lets_others_have_a_turn(in_memory: Any, slept: list[float]):
    await in_memory.post(CHAT, chat(stream=True, output_tokens=640))
    assert [0] * 10 == slept


async def test_a_stall_holds_the_connection_and_then_leaves(in_memory: Any, slept: list[float]):
    for stream in (False, True):
        for expected, knobs in ((30, {}), (0.05, {"stall_ms": 50})):
            slept.clear()
            reply = await in_memory.post(CHAT, chat(stream, stall_after=2, **knobs))
            assert [expected] == slept
            assert not reply.ended


async def test_a_client_that_hangs_up_is_billed_in_full(in_memory: Any):
    for messages in (0, 1, 5):
        await in_memory.post(CHAT, chat(stream=True), hang_up_after=messages)
        await in_memory.post(CHAT, chat(stream=False), hang_up_after=messages)
    entries = in_memory.app.bill.read(0, 10)
    assert 6 == len(entries)
    assert {(8, 10, True)} == {(entry.usage.input, entry.usage.output, entry.completed) for entry in entries}


async def test_an_exchange_that_dies_is_billed_for_what_it_generated(in_memory: Any, monkeypatch: pytest.MonkeyPatch):
    async def fail(seconds: float) -> None:
        raise RuntimeError("the process is going down")

    monkeypatch.setattr(exchange, "sleep", fail)
    with pytest.raises(RuntimeError, match="going down"):
        await in_memory.post(CHAT, chat(stream=True, output_tokens=100))
    (entry,) = in_memory.app.bill.read(0, 10)
    assert (63, False) == (entry.usage.output, entry.completed)


def contents(chunks: list[Any]) -> int:
    return sum(bool(chunk.choices and chunk.choices[0].delta.content) for chunk in chunks)


@pytest.mark.parametrize("knobs", [{"break_after": 3}, {"stall_after": 3, "stall_ms": 1}])
def test_a_broken_stream_is_seen_as_one_and_billed_as_far_as_it_got(
    openai_client: openai.OpenAI, bill: Any, knobs: dict[str, Any]
):
    body = {"simulate": {"output_tokens": 10, **knobs}}
    chunks: list[Any] = []
    with (
        openai_client.chat.completions.create(model="small", messages=ORDER, stream=True, extra_body=body) as stream,
        pytest.raises((openai.APIConnectionError, httpx2.RemoteProtocolError)),
    ):
        chunks.extend(stream)
    assert 3 == contents(chunks)
    entry = bill.last()
    assert ({**PROMPT, "output": 3}, 8 * 230 + 3 * 890, False, 200) == (
        entry["usage"],
        entry["billed_nano"],
        entry["completed"],
        entry["status"],
    )


@pytest.mark.parametrize("after", [0, 10])
def test_a_stream_may_break_before_the_first_and_after_the_last_content(http: httpx2.Client, bill: Any, after: int):
    with (
        http.stream("POST", CHAT, json=chat(stream=True, break_after=after)) as answer,
        pytest.raises(httpx2.RemoteProtocolError),
    ):
        answer.read()
    assert (after, False) == (bill.last()["usage"].get("output", 0), bill.last()["completed"])


def test_a_break_that_the_stream_does_not_reach_never_comes(http: httpx2.Client, bill: Any):
    assert http.post(CHAT, json=chat(stream=True, break_after=11)).text.endswith("data: [DONE]\n\n")
    assert bill.last()["completed"]


def test_hidden_reasoning_is_no_chunk_but_is_billed(http: httpx2.Client, bill: Any):
    body = {**chat(stream=True, break_after=2, reasoning_tokens=30), "model": "reasoner"}
    with http.stream("POST", CHAT, json=body) as answer, pytest.raises(httpx2.RemoteProtocolError):
        answer.read()
    assert {"input": 8, "output": 2, "output_reasoning": 30} == bill.last()["usage"]


@pytest.mark.parametrize("knob", [{"break_after": 0}, {"stall_after": 0, "stall_ms": 1}])
def test_an_answer_that_is_not_streamed_breaks_inside_its_body_and_is_billed_in_full(
    http: httpx2.Client, bill: Any, knob: dict[str, Any]
):
    with pytest.raises(httpx2.RemoteProtocolError):
        http.post(CHAT, json=chat(stream=False, **knob))
    assert ({**PROMPT, "output": 10}, False) == (bill.last()["usage"], bill.last()["completed"])


def test_an_openai_stream_may_end_in_an_error_event(openai_client: openai.OpenAI, bill: Any):
    body = {"simulate": {"output_tokens": 10, "error_event_after": 4}}
    chunks: list[Any] = []
    with (
        openai_client.chat.completions.create(model="small", messages=ORDER, stream=True, extra_body=body) as stream,
        pytest.raises(openai.APIError, match="told to fail"),
    ):
        chunks.extend(stream)
    assert 4 == contents(chunks)
    assert ({**PROMPT, "output": 4}, False) == (bill.last()["usage"], bill.last()["completed"])


def test_an_anthropic_stream_may_end_in_an_error_event(anthropic_client: anthropic.Anthropic, bill: Any):
    body = {"simulate": {"output_tokens": 10, "error_event_after": 4}}
    with (
        anthropic_client.messages.create(
            model="small", max_tokens=50, messages=ORDER, stream=True, extra_body=body
        ) as stream,
        pytest.raises(anthropic.APIStatusError, match="overloaded_error"),
    ):
        list(stream)
    assert ({**PROMPT, "output": 4}, False) == (bill.last()["usage"], bill.last()["completed"])


def test_an_anthropic_stream_breaks_too(http: httpx2.Client, bill: Any):
    body = {**chat(stream=True, break_after=4), "max_tokens": 50}
    parts: list[bytes] = []
    with (
        http.stream("POST", "/v1/messages", json=body, headers=VERSION) as answer,
        pytest.raises(httpx2.RemoteProtocolError),
    ):
        parts.extend(answer.iter_bytes())
    assert 4 == b"".join(parts).count(b"text_delta")
    assert {**PROMPT, "output": 4} == bill.last()["usage"]


@pytest.mark.parametrize("after", [0, 3, 10])
@pytest.mark.parametrize("path", [CHAT, "/v1/messages"])
def test_a_malformed_event_is_sent_once_and_the_stream_goes_on(http: httpx2.Client, bill: Any, path: str, after: int):
    body = {**chat(stream=True), "max_tokens": 50}
    healthy = http.post(path, json=body, headers=VERSION).text.count("\n\n")
    body["simulate"]["malformed_after"] = after
    broken = http.post(path, json=body, headers=VERSION).text
    assert healthy + 1 == broken.count("\n\n")
    assert ({**PROMPT, "output": 10}, True) == (bill.last()["usage"], bill.last()["completed"])


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_is_in_the_bill_before_its_last_byte_leaves(in_memory: Any, stream: bool):
    entries: list[int] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": msgspec.json.encode(chat(stream))}

    async def send(message: Any) -> None:
        entries.append(in_memory.app.bill.last_sequence)

    await in_memory.app({"type": "http", "method": "POST", "path": CHAT, "headers": []}, receive, send)
    *_, at_the_end = entries
    assert 1 == at_the_end


async def test_faults_may_happen_to_a_share_of_the_requests_always_to_the_same(in_memory: Any):
    async def fates(**knobs: Any) -> list[bool]:
        ended = []
        for number in range(40):
            reply = await in_memory.post(CHAT, chat(True, **knobs), {"x-request-id": f"r{number}"})
            ended.append(b"[DONE]" in reply.body)
        return ended

    some = await fates(error_event_after=0, fault_share=0.5)
    assert {True, False} == set(some)
    assert some == await fates(error_event_after=0, fault_share=0.5)
    assert {True} == set(await fates(error_event_after=0, fault_share=0))
    assert {False} == set(await fates(error_event_after=0))
