from typing import Any

import anthropic
import openai
import pytest

from headgate.simulator import app as app_module
from headgate.simulator.app import create_app
from headgate.simulator.knobs import Knobs
from headgate.simulator.settings import Settings

ORDER: list[Any] = [{"role": "user", "content": "hello"}]
QUESTION = {"model": "sim/echo", "messages": ORDER}
CHAT = "/v1/chat/completions"


def failing(status: int, **fields: Any) -> dict[str, Any]:
    return {"simulate": {"error": {"status": status, **fields}}}


@pytest.mark.parametrize(
    ("expected", "status"),
    [
        (openai.BadRequestError, 400),
        (openai.AuthenticationError, 401),
        (openai.PermissionDeniedError, 403),
        (openai.NotFoundError, 404),
        (openai.RateLimitError, 429),
        (openai.InternalServerError, 500),
        (openai.InternalServerError, 529),
    ],
)
def test_openais_sdk_raises_its_typed_errors(
    openai_client: openai.OpenAI, bill: Any, expected: type[openai.APIStatusError], status: int
):
    with pytest.raises(expected) as caught:
        openai_client.chat.completions.create(model="small", messages=ORDER, extra_body=failing(status))
    assert status == caught.value.status_code
    assert caught.value.body["message"].startswith("The simulator was told")
    entry = bill.last()
    assert (status, {}, 0, False, "small") == (
        entry["status"],
        entry["usage"],
        entry["billed_nano"],
        entry["completed"],
        entry["model"],
    )


@pytest.mark.parametrize(
    ("expected", "kind", "status"),
    [
        (anthropic.BadRequestError, "invalid_request_error", 400),
        (anthropic.AuthenticationError, "authentication_error", 401),
        (anthropic.PermissionDeniedError, "permission_error", 403),
        (anthropic.NotFoundError, "not_found_error", 404),
        (anthropic.RateLimitError, "rate_limit_error", 429),
        (anthropic.InternalServerError, "api_error", 500),
        (anthropic.APIStatusError, "overloaded_error", 529),
    ],
)
def test_anthropics_sdk_raises_its_typed_errors(
    anthropic_client: anthropic.Anthropic, expected: type[anthropic.APIStatusError], kind: str, status: int
):
    with pytest.raises(expected) as caught:
        anthropic_client.messages.create(model="small", max_tokens=9, messages=ORDER, extra_body=failing(status))
    body = caught.value.body
    assert (status, "error", kind) == (caught.value.status_code, body["type"], body["error"]["type"])
    assert body["request_id"] == caught.value.response.headers["request-id"]


def test_a_rate_limit_says_when_to_come_back(openai_client: openai.OpenAI):
    for expected, fields in (("1", {}), ("17", {"retry_after": 17})):
        with pytest.raises(openai.RateLimitError) as caught:
            openai_client.chat.completions.create(model="small", messages=ORDER, extra_body=failing(429, **fields))
        assert expected == caught.value.response.headers["retry-after"]


def test_a_stream_is_refused_before_it_starts(openai_client: openai.OpenAI, bill: Any):
    with pytest.raises(openai.RateLimitError):
        openai_client.chat.completions.create(model="small", messages=ORDER, stream=True, extra_body=failing(429))
    assert (429, True) == (bill.last()["status"], bill.last()["stream"])


def test_count_tokens_counts_what_a_message_is_charged_for(anthropic_client: anthropic.Anthropic, bill: Any):
    tools: list[Any] = [{"name": "look_up", "input_schema": {"type": "object"}}]
    counted = anthropic_client.messages.count_tokens(model="small", messages=ORDER, tools=tools, system="be brief")
    message = anthropic_client.messages.create(
        model="small", max_tokens=9, messages=ORDER, tools=tools, system="be brief"
    )
    assert counted.input_tokens == message.usage.input_tokens
    counting, _ = bill.entries()
    assert ("/v1/messages/count_tokens", 0, {}, True) == (
        counting["endpoint"],
        counting["billed_nano"],
        counting["usage"],
        counting["completed"],
    )


async def test_a_draw_is_the_same_for_the_same_request_and_new_for_its_next_attempt(in_memory: Any):
    async def statuses(attempt: str) -> list[int]:
        body = {**QUESTION, **failing(503, probability=0.5)}
        return [
            (await in_memory.post(CHAT, body, {"x-request-id": f"r{n}", "x-headgate-attempt": attempt})).status
            for n in range(200)
        ]

    first = await statuses("1")
    assert first == await statuses("1")
    assert first != await statuses("2")
    assert 60 < first.count(503) < 140


async def test_requests_without_an_id_are_drawn_one_by_one(in_memory: Any):
    body = {**QUESTION, **failing(503, probability=0.5)}
    statuses = [(await in_memory.post(CHAT, body)).status for _ in range(100)]
    assert {200, 503} == set(statuses)


@pytest.mark.parametrize(("expected", "probability"), [(200, 0.0), (429, 1.0)])
async def test_never_and_always_are_exact(in_memory: Any, expected: int, probability: float):
    body = {**QUESTION, **failing(429, probability=probability)}
    replies = [await in_memory.post(CHAT, body, {"x-request-id": str(n)}) for n in range(50)]
    assert {expected} == {reply.status for reply in replies}


async def test_a_body_that_is_not_json_is_refused_in_the_formats_own_envelope(in_memory: Any):
    for_openai = await in_memory.post(CHAT, b"{")
    assert (400, {"error"}) == (for_openai.status, set(for_openai.json()))
    for_anthropic = await in_memory.post("/v1/messages", b"{", {"anthropic-version": "2023-06-01"})
    assert (400, "error") == (for_anthropic.status, for_anthropic.json()["type"])


async def test_an_unknown_model_is_listed_under_its_name(in_memory: Any):
    await in_memory.post(CHAT, {**QUESTION, "model": "sim/huge"})
    (entry,) = in_memory.app.bill.read(0, 9)
    assert ("sim/huge", 404, 0) == (entry.model, entry.status, entry.billed_nano)


async def test_messages_need_a_version(in_memory: Any):
    reply = await in_memory.post("/v1/messages", {**QUESTION, "max_tokens": 5})
    assert (400, "anthropic-version: the header is needed.") == (reply.status, reply.json()["error"]["message"])


async def test_a_body_may_come_in_parts_and_answers_name_their_length(in_memory: Any):
    reply = await in_memory.post(CHAT, QUESTION)
    assert str(len(reply.body)).encode() == reply.headers[b"content-length"]
    assert "hello" == reply.json()["choices"][0]["message"]["content"]


async def test_a_body_that_is_too_large_is_refused(in_memory: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(app_module, "LARGEST_BODY", 100)
    reply = await in_memory.post(CHAT, b" " * 101)
    assert 413 == reply.status


@pytest.mark.parametrize(
    ("status", "method", "path"),
    [(200, "GET", "/health"), (404, "GET", "/v2/models"), (405, "GET", CHAT), (404, "POST", "/v1/models")],
)
async def test_paths_and_methods_are_told_apart(in_memory: Any, status: int, method: str, path: str):
    reply = await in_memory.request(method, path, b"", {})
    assert status == reply.status


async def test_every_application_has_its_own_knobs_and_bill():
    settings = Settings(knobs=Knobs(output_tokens=3), bill_limit=7)
    one, other = create_app(settings), create_app()
    assert (Knobs(output_tokens=3), Knobs()) == (one.knobs, other.knobs)
    assert one.bill is not other.bill


async def test_the_lifespan_is_followed():
    sent: list[str] = []
    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Any:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await create_app()({"type": "lifespan"}, receive, send)
    assert ["lifespan.startup.complete", "lifespan.shutdown.complete"] == sent


async def test_a_websocket_is_left_alone():
    async def never(*_: Any) -> Any:
        raise AssertionError("nothing is read or sent")

    await create_app()({"type": "websocket"}, never, never)
