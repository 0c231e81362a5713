"""Cohere's own SDK against a running gateway: its chat format and its rankings pass through."""

import json
from collections.abc import Iterator
from typing import Any

import cohere
import pytest
from cohere.core.api_error import ApiError

from tests.kit.clients import TEAM, client, paid_calls
from tests.kit.gateway import GatewayProcess
from tests.kit.purses import Purse, open_purses
from tests.kit.simulator import knobs

CHAT = "/v2/chat"
MODELS = ["sim/small", "cohere.chat-small"]
HELLO: list[Any] = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Say hello"}]
QUESTION: dict[str, Any] = {"role": "user", "content": "Please use the tool weather and the tool population."}
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Looks up the {name}.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    for name in ("weather", "population")
]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.fixture(scope="module")
def co(gateway: GatewayProcess) -> Iterator[cohere.ClientV2]:
    """Cohere's own SDK."""
    with client_of(gateway, gateway.key) as made:
        yield made


@pytest.fixture(scope="module")
def poor(gateway: GatewayProcess) -> Purse:
    """A key without money."""
    return open_purses(gateway, {"cohere poor": [{"limit": "0.000000001", "period": "total"}]})["cohere poor"]


def client_of(gateway: GatewayProcess, key: str) -> cohere.ClientV2:
    return cohere.ClientV2(api_key=key, base_url=gateway.url, max_retries=0)


def of(team: str) -> Any:
    return {"additional_headers": {TEAM: team}}


def billed_units(usage: Any) -> tuple[int, int]:
    return (int(usage.billed_units.input_tokens), int(usage.billed_units.output_tokens))


@client("cohere", door=CHAT, feature="chat")
@pytest.mark.parametrize("model", MODELS)
def test_chat_answers_and_costs_what_was_billed(gateway: GatewayProcess, co: cohere.ClientV2, model: str) -> None:
    team = f"cohere {model}"
    answer = co.chat(model=model, messages=HELLO, request_options=of(team))
    assert answer.message.content
    assert answer.message.content[0].type == "text"
    assert answer.finish_reason == "COMPLETE"
    [event] = paid_calls(gateway, team)
    assert billed_units(answer.usage) == (event["prompt_tokens"], event["completion_tokens"])


@client("cohere", door=CHAT, feature="chat_stream")
@pytest.mark.parametrize("model", MODELS)
def test_a_stream_says_what_the_whole_answer_says(gateway: GatewayProcess, co: cohere.ClientV2, model: str) -> None:
    team = f"cohere stream {model}"
    whole = co.chat(model=model, messages=HELLO)
    events: list[Any] = list(co.chat_stream(model=model, messages=HELLO, request_options=of(team)))
    text = "".join(event.delta.message.content.text for event in events if event.type == "content-delta")
    assert whole.message.content
    assert text == whole.message.content[0].text  # type: ignore[union-attr]
    assert (events[-1].type, events[-1].delta.finish_reason) == ("message-end", "COMPLETE")
    [booked] = paid_calls(gateway, team)
    assert billed_units(events[-1].delta.usage) == (booked["prompt_tokens"], booked["completion_tokens"])


@client("cohere", door=CHAT, feature="async")
@pytest.mark.anyio
async def test_the_asynchronous_calls_answer_too(gateway: GatewayProcess) -> None:
    async with cohere.AsyncClientV2(api_key=gateway.key, base_url=gateway.url, max_retries=0) as co:
        whole = await co.chat(model="sim/small", messages=HELLO)
        texts = [
            event.delta.message.content.text  # type: ignore[union-attr]
            async for event in co.chat_stream(model="sim/small", messages=HELLO)
            if event.type == "content-delta"
        ]
    assert whole.message.content
    assert "".join(map(str, texts)) == whole.message.content[0].text  # type: ignore[union-attr]


@client("cohere", door=CHAT, feature="parallel tools (streamed too)")
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_tools_are_called_and_their_results_taken(co: cohere.ClientV2, stream: bool) -> None:
    ask: dict[str, Any] = {"model": "sim/small", "messages": [QUESTION], "tools": TOOLS}
    whole = co.chat(**ask)
    calls = whole.message.tool_calls or []
    assert whole.finish_reason == "TOOL_CALL"
    assert sorted(str(call.function.name) for call in calls if call.function) == ["population", "weather"]
    if stream:
        events: list[Any] = list(co.chat_stream(**ask))
        arguments: dict[int, str] = {}
        for event in events:
            if event.type in {"tool-call-start", "tool-call-delta"}:
                said = event.delta.message.tool_calls.function.arguments
                arguments[event.index] = arguments.get(event.index, "") + said
        assert list(arguments.values()) == [call.function.arguments for call in calls if call.function]
    shown: list[Any] = [{"type": "document", "document": {"data": {"text": "42"}}}]
    results = [{"role": "tool", "tool_call_id": call.id, "content": shown} for call in calls]
    after = co.chat(model="sim/small", messages=[QUESTION, whole.message, *results], tools=TOOLS)  # type: ignore[list-item]
    assert after.message.content


@client("cohere", door=CHAT, feature="documents")
def test_documents_travel(gateway: GatewayProcess, co: cohere.ClientV2) -> None:
    team = "cohere documents"
    documents: list[Any] = [{"id": "1", "data": {"text": "The boat is red."}}, "The sea is blue."]
    answer = co.chat(model="sim/small", messages=HELLO, documents=documents, request_options=of(team))
    assert answer.message.content
    paid_calls(gateway, team)


@client("cohere", door=CHAT, feature="JSON schema")
def test_a_schema_gives_json_that_fits(co: cohere.ClientV2) -> None:
    format_ = cohere.JsonObjectResponseFormatV2(json_schema=SCHEMA)
    answer = co.chat(model="sim/small", messages=HELLO, response_format=format_)
    assert answer.message.content
    assert list(json.loads(answer.message.content[0].text)) == ["city"]  # type: ignore[union-attr]


@client("cohere", door="/v2/rerank", feature="rerank")
def test_documents_are_ranked_and_paid_by_the_search(gateway: GatewayProcess, co: cohere.ClientV2) -> None:
    team = "cohere rerank"
    answer = co.rerank(
        model="sim/rerank", query="red boats", documents=["blue seas", "red boats"], request_options=of(team)
    )
    assert [result.index for result in answer.results] == [1, 0]
    assert len(paid_calls(gateway, team)) == 1


@client("cohere", door=CHAT, feature="errors")
def test_errors_have_their_status_and_say_why(gateway: GatewayProcess, co: cohere.ClientV2, poor: Purse) -> None:
    with pytest.raises(cohere.NotFoundError) as unknown:
        co.chat(model="no-such-model", messages=HELLO)
    body: Any = unknown.value.body
    assert (body["code"], body["id"]) == ("model_not_found", (unknown.value.headers or {})["x-request-id"])
    assert body["id"] in body["message"]
    with client_of(gateway, "sk-hg-wrong") as stranger, pytest.raises(cohere.UnauthorizedError):
        stranger.chat(model="sim/small", messages=HELLO)
    with client_of(gateway, poor.key) as spent, pytest.raises(cohere.TooManyRequestsError) as refused:
        spent.chat(model="sim/small", messages=HELLO)
    assert "Budget 'cohere poor 0'" in refused.value.body["message"]  # type: ignore[index,call-overload]


@client("cohere", door=CHAT, feature="errors")
@pytest.mark.parametrize("model", ["chat-small", "messages-small"])
def test_a_model_of_another_format_is_refused_with_the_remedy(co: cohere.ClientV2, model: str) -> None:
    with pytest.raises(cohere.NotFoundError, match=r"does not offer what /v2/chat needs; choose a model"):
        co.chat(model=model, messages=HELLO)


@client("cohere", door=CHAT, feature="errors")
@pytest.mark.parametrize("status", [400, 429, 500])
def test_a_providers_error_arrives_and_costs_nothing(gateway: GatewayProcess, co: cohere.ClientV2, status: int) -> None:
    with knobs(gateway, error={"status": status}), pytest.raises(ApiError) as caught:
        co.chat(model="cohere.chat-small", messages=HELLO)
    assert caught.value.status_code == status
    event = gateway.cost_event((caught.value.headers or {})["x-request-id"])
    assert (event["outcome"], event["amount_nano"]) == ("rejected", 0)


@client("cohere", door=CHAT, feature="broken streams")
def test_a_stream_that_breaks_is_no_whole_answer(gateway: GatewayProcess, co: cohere.ClientV2) -> None:
    with knobs(gateway, break_after=3):
        events: list[Any] = list(co.chat_stream(model="cohere.chat-small", messages=HELLO))
    assert (events[-1].type, events[-1].delta.finish_reason) == ("message-end", "ERROR")
    assert events[-1].delta.error
