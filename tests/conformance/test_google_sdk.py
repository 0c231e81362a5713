"""Google's own SDK against a running gateway, with upstreams of several formats."""

from collections.abc import Iterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from tests.kit.clients import TEAM, client, paid_calls
from tests.kit.gateway import GatewayProcess
from tests.kit.purses import Purse, open_purses
from tests.kit.simulator import knobs

GENERATE = "/v1beta/models/{model}:generateContent"
STREAM = "/v1beta/models/{model}:streamGenerateContent"
MODELS = ["sim/small", "chat-small", "messages-small"]
HELLO = "Say hello"
QUESTION = "Please use the tool weather and the tool population."
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: list[Any] = [
    types.Tool(
        function_declarations=[
            types.FunctionDeclaration(name=name, description=f"Looks up the {name}.", parameters_json_schema=CITY)
            for name in ("weather", "population")
        ]
    )
]


class Town(BaseModel):
    """What a structured answer is about."""

    name: str
    inhabitants: int


@pytest.fixture(scope="module")
def google(gateway: GatewayProcess) -> Iterator[genai.Client]:
    """Google's own SDK."""
    with client_of(gateway, gateway.key) as made:
        yield made


@pytest.fixture(scope="module")
def poor(gateway: GatewayProcess) -> Purse:
    """A key without money."""
    return open_purses(gateway, {"google poor": [{"limit": "0.000000001"}]})["google poor"]


def client_of(gateway: GatewayProcess, key: str) -> genai.Client:
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=gateway.url))


def config(team: str = "", **settings: Any) -> types.GenerateContentConfig:
    """Settings of a call; Google's SDK would call tools by itself."""
    return types.GenerateContentConfig(
        http_options=types.HttpOptions(headers={TEAM: team}) if team else None,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        **settings,
    )


def check_usage(event: dict[str, Any], usage: types.GenerateContentResponseUsageMetadata | None) -> None:
    assert usage is not None
    output = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
    assert (event["prompt_tokens"], event["completion_tokens"]) == (usage.prompt_token_count, output)


@client("google-genai", door=GENERATE, feature="generate_content")
@pytest.mark.parametrize("model", MODELS)
def test_an_answer_costs_what_was_billed(gateway: GatewayProcess, google: genai.Client, model: str) -> None:
    team = f"google {model}"
    settings = config(team, system_instruction="Be kind.")
    answer = google.models.generate_content(model=model, contents=HELLO, config=settings)
    assert answer.text
    assert answer.candidates
    assert answer.candidates[0].finish_reason is types.FinishReason.STOP
    [event] = paid_calls(gateway, team)
    check_usage(event, answer.usage_metadata)


@client("google-genai", door=STREAM, feature="generate_content_stream")
@pytest.mark.parametrize("model", MODELS)
def test_a_stream_says_what_the_whole_answer_says(gateway: GatewayProcess, google: genai.Client, model: str) -> None:
    team = f"google stream {model}"
    whole = google.models.generate_content(model=model, contents=HELLO, config=config())
    chunks = list(google.models.generate_content_stream(model=model, contents=HELLO, config=config(team)))
    assert "".join(chunk.text or "" for chunk in chunks) == whole.text
    [event] = paid_calls(gateway, team)
    check_usage(event, chunks[-1].usage_metadata)


@client("google-genai", door=GENERATE, feature="async")
@pytest.mark.anyio
async def test_the_asynchronous_calls_answer_too(gateway: GatewayProcess) -> None:
    async with client_of(gateway, gateway.key).aio as google:
        whole = await google.models.generate_content(model="sim/small", contents=HELLO)
        stream = await google.models.generate_content_stream(model="sim/small", contents=HELLO)
        text = "".join([chunk.text or "" async for chunk in stream])
    assert text == whole.text


@client("google-genai", door=GENERATE, feature="parallel tools (streamed too)")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_tools_are_called_and_their_results_taken(google: genai.Client, model: str, stream: bool) -> None:
    settings = config(tools=TOOLS)
    if stream:
        chunks = list(google.models.generate_content_stream(model=model, contents=QUESTION, config=settings))
    else:
        chunks = [google.models.generate_content(model=model, contents=QUESTION, config=settings)]
    calls = [call for chunk in chunks for call in chunk.function_calls or []]
    assert sorted(str(call.name) for call in calls) == ["population", "weather"]
    assert all("city" in (call.args or {}) for call in calls)
    said = [part for chunk in chunks for candidate in chunk.candidates or [] for part in candidate.content.parts or []]  # type: ignore[union-attr]
    results = [
        types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response={"result": "42"}))
        for call in calls
    ]
    history: list[Any] = [
        types.Content(role="user", parts=[types.Part(text=QUESTION)]),
        types.Content(role="model", parts=[part for part in said if part.function_call]),
        types.Content(role="user", parts=results),
    ]
    after = google.models.generate_content(model=model, contents=history, config=settings)
    assert after.text


@client("google-genai", door=GENERATE, feature="JSON schema")
@pytest.mark.parametrize("model", MODELS)
def test_a_schema_gives_an_object(google: genai.Client, model: str) -> None:
    settings = config(response_mime_type="application/json", response_schema=Town)
    answer = google.models.generate_content(model=model, contents="Describe a town", config=settings)
    assert isinstance(answer.parsed, Town)


@client("google-genai", door=GENERATE, feature="chats")
def test_a_chat_remembers(google: genai.Client) -> None:
    chat = google.chats.create(model="sim/echo")
    assert chat.send_message("One").text == "One"
    assert "".join(chunk.text or "" for chunk in chat.send_message_stream("Two")) == "Two"
    assert [content.role for content in chat.get_history()][:4] == ["user", "model", "user", "model"]


@client("google-genai", door="/v1beta/models/{model}:countTokens", feature="count_tokens")
def test_tokens_are_counted_for_nothing(google: genai.Client) -> None:
    assert (google.models.count_tokens(model="sim/small", contents=HELLO).total_tokens or 0) > 0


@client("google-genai", door="/v1beta/models/{model}:batchEmbedContents", feature="embed_content")
def test_embeddings_are_priced(gateway: GatewayProcess, google: genai.Client) -> None:
    team = "google embeddings"
    settings = types.EmbedContentConfig(http_options=types.HttpOptions(headers={TEAM: team}))
    answer = google.models.embed_content(model="sim/embed", contents=["one", "two"], config=settings)
    assert [len(one.values or []) for one in answer.embeddings or []] == [256, 256]
    assert len(paid_calls(gateway, team)) == 1


@client("google-genai", door=GENERATE, feature="errors")
def test_errors_have_their_status_and_say_why(gateway: GatewayProcess, google: genai.Client, poor: Purse) -> None:
    with pytest.raises(errors.ClientError) as unknown:
        google.models.generate_content(model="no-such-model", contents=HELLO)
    assert (unknown.value.code, unknown.value.status) == (404, "NOT_FOUND")
    assert "(request aigw_" in str(unknown.value.message)
    with client_of(gateway, poor.key) as spent, pytest.raises(errors.ClientError) as refused:
        spent.models.generate_content(model="sim/small", contents=HELLO)
    assert (refused.value.code, refused.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert "Budget 'google poor 0'" in str(refused.value.message)
    with client_of(gateway, "sk-hg-wrong") as stranger, pytest.raises(errors.ClientError) as wrong:
        stranger.models.generate_content(model="sim/small", contents=HELLO)
    assert wrong.value.code == 401


@client("google-genai", door=GENERATE, feature="errors")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("status", "error"), [(400, errors.ClientError), (503, errors.ServerError)])
def test_a_providers_error_arrives(
    gateway: GatewayProcess, google: genai.Client, model: str, status: int, error: type[errors.APIError]
) -> None:
    with knobs(gateway, error={"status": status}), pytest.raises(error) as caught:
        google.models.generate_content(model=model, contents=HELLO)
    assert caught.value.code == status
