"""LangChain's clients of OpenAI's and Anthropic's formats against a running gateway, with upstreams of either format."""

from typing import Any

import openai
import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import OpenAIEmbeddings
from pydantic import BaseModel

from tests.kit.clients import TEAM, client, paid_calls
from tests.kit.gateway import GatewayProcess
from tests.kit.langchain import anthropic_chat, openai_chat, weather
from tests.kit.simulator import knobs

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
RESPONSES = "/v1/responses"
MODELS = ["sim/small", "chat-small", "messages-small"]
HELLO: list[BaseMessage] = [SystemMessage("Be kind."), HumanMessage("Say hello")]
QUESTION = HumanMessage("Please use the tool weather.")


class Town(BaseModel):
    """What a structured answer is about."""

    name: str
    inhabitants: int


def check_usage(event: dict[str, Any], answer: AIMessage) -> None:
    """What the client counts is what the books have."""
    usage = answer.usage_metadata
    assert usage is not None
    assert (event["prompt_tokens"], event["completion_tokens"]) == (usage["input_tokens"], usage["output_tokens"])


def folded(chunks: list[Any]) -> AIMessageChunk:
    """A stream as one message."""
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    return whole


@client("langchain-openai", door=CHAT, feature="invoke")
@pytest.mark.parametrize("model", MODELS)
def test_openai_invoke_answers_and_costs_what_was_billed(gateway: GatewayProcess, model: str) -> None:
    team = f"langchain invoke {model}"
    answer = openai_chat(gateway, model, team).invoke(HELLO)
    assert answer.text
    assert answer.response_metadata["finish_reason"] == "stop"
    [event] = paid_calls(gateway, team)
    check_usage(event, answer)


@client("langchain-openai", door=CHAT, feature="stream with usage")
@pytest.mark.parametrize("model", MODELS)
def test_an_openai_stream_folds_to_the_whole_answer(gateway: GatewayProcess, model: str) -> None:
    team = f"langchain stream {model}"
    whole = openai_chat(gateway, model).invoke(HELLO)
    answer = folded(list(openai_chat(gateway, model, team, stream_usage=True).stream(HELLO)))
    assert answer.text == whole.text
    assert answer.usage_metadata == whole.usage_metadata
    [event] = paid_calls(gateway, team)
    check_usage(event, answer)


@client("langchain-openai", door=CHAT, feature="async")
@pytest.mark.anyio
async def test_openais_asynchronous_calls_answer_too(gateway: GatewayProcess) -> None:
    chat = openai_chat(gateway, "sim/small", stream_usage=True)
    whole = await chat.ainvoke(HELLO)
    answer = folded([chunk async for chunk in chat.astream(HELLO)])
    assert (answer.text, answer.usage_metadata) == (whole.text, whole.usage_metadata)


@client("langchain-openai", door=CHAT, feature="batch")
def test_an_openai_batch_is_one_call_each(gateway: GatewayProcess) -> None:
    team = "langchain batch"
    questions = [[HumanMessage(f"Say {word}")] for word in ("one", "two", "three")]
    answers = openai_chat(gateway, "sim/echo", team).batch(questions)  # type: ignore[arg-type]
    assert [answer.text for answer in answers] == ["Say one", "Say two", "Say three"]
    assert len(paid_calls(gateway, team)) == 3


@client("langchain-openai", door=CHAT, feature="bind_tools (streamed too)")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_openai_tools_are_called_and_their_results_taken(gateway: GatewayProcess, model: str, stream: bool) -> None:
    chat = openai_chat(gateway, model).bind_tools([weather])
    answer = folded(list(chat.stream([QUESTION]))) if stream else chat.invoke([QUESTION])
    [call] = answer.tool_calls
    result = weather.invoke(call)
    assert isinstance(result, ToolMessage)
    after = chat.invoke([QUESTION, AIMessage(answer.text, tool_calls=answer.tool_calls), result])
    assert after.text
    assert not after.tool_calls


@client("langchain-openai", door=CHAT, feature="with_structured_output")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_openai_structured_output_is_an_object(gateway: GatewayProcess, model: str, method: Any) -> None:
    chat = openai_chat(gateway, model).with_structured_output(Town, method=method)
    assert isinstance(chat.invoke("Describe a town"), Town)


@client("langchain-openai", door=RESPONSES, feature="invoke")
@pytest.mark.parametrize("model", MODELS)
def test_responses_invoke_answers_and_costs_what_was_billed(gateway: GatewayProcess, model: str) -> None:
    team = f"langchain responses {model}"
    answer = openai_chat(gateway, model, team, use_responses_api=True, store=False).invoke(HELLO)
    assert answer.text
    [event] = paid_calls(gateway, team)
    assert event["endpoint"] == RESPONSES
    check_usage(event, answer)


@client("langchain-openai", door=RESPONSES, feature="stream with usage")
@pytest.mark.parametrize("model", MODELS)
def test_a_responses_stream_folds_to_the_whole_answer(gateway: GatewayProcess, model: str) -> None:
    chat = openai_chat(gateway, model, use_responses_api=True, store=False)
    whole, answer = chat.invoke(HELLO), folded(list(chat.stream(HELLO)))
    assert (answer.text, answer.usage_metadata) == (whole.text, whole.usage_metadata)


@client("langchain-openai", door=RESPONSES, feature="bind_tools (streamed too)")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_responses_tools_are_called_and_their_results_taken(gateway: GatewayProcess, model: str, stream: bool) -> None:
    chat = openai_chat(gateway, model, use_responses_api=True, store=False).bind_tools([weather])
    answer = folded(list(chat.stream([QUESTION]))) if stream else chat.invoke([QUESTION])
    [call] = answer.tool_calls
    after = chat.invoke([QUESTION, answer, weather.invoke(call)])
    assert after.text
    assert not after.tool_calls


@client("langchain-openai", door="/v1/embeddings", feature="OpenAIEmbeddings")
def test_openai_embeddings_are_priced(gateway: GatewayProcess) -> None:
    team = "langchain embeddings"
    embeddings = OpenAIEmbeddings(
        model="sim/embed",
        base_url=f"{gateway.url}/v1",
        api_key=gateway.key,  # type: ignore[arg-type]
        default_headers={TEAM: team},
        # Otherwise it looks for a tokenizer on the internet, to send numbers instead of texts.
        check_embedding_ctx_length=False,
    )
    assert [len(vector) for vector in embeddings.embed_documents(["one", "two"])] == [256, 256]
    assert len(embeddings.embed_query("three")) == 256
    assert len(paid_calls(gateway, team)) == 2


@client("langchain-openai", door=CHAT, feature="errors")
def test_openai_errors_are_the_sdks_own(gateway: GatewayProcess) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        openai_chat(gateway, "no-such-model").invoke(HELLO)
    assert unknown.value.code == "model_not_found"
    with knobs(gateway, error={"status": 429}), pytest.raises(openai.RateLimitError):
        openai_chat(gateway, "sim/small").invoke(HELLO)


@client("langchain-anthropic", door=MESSAGES, feature="invoke")
@pytest.mark.parametrize("model", MODELS)
def test_anthropic_invoke_answers_and_costs_what_was_billed(gateway: GatewayProcess, model: str) -> None:
    team = f"langchain messages {model}"
    answer = anthropic_chat(gateway, model, team).invoke(HELLO)
    assert answer.text
    assert answer.response_metadata["stop_reason"] == "end_turn"
    [event] = paid_calls(gateway, team)
    check_usage(event, answer)


@client("langchain-anthropic", door=MESSAGES, feature="stream with usage")
@pytest.mark.parametrize("model", MODELS)
def test_an_anthropic_stream_folds_to_the_whole_answer(gateway: GatewayProcess, model: str) -> None:
    team = f"langchain messages stream {model}"
    whole = anthropic_chat(gateway, model).invoke(HELLO)
    answer = folded(list(anthropic_chat(gateway, model, team).stream(HELLO)))
    assert answer.text == whole.text
    [event] = paid_calls(gateway, team)
    check_usage(event, answer)


@client("langchain-anthropic", door=MESSAGES, feature="async")
@pytest.mark.anyio
async def test_anthropics_asynchronous_calls_answer_too(gateway: GatewayProcess) -> None:
    chat = anthropic_chat(gateway, "sim/small")
    whole = await chat.ainvoke(HELLO)
    assert folded([chunk async for chunk in chat.astream(HELLO)]).text == whole.text


@client("langchain-anthropic", door=MESSAGES, feature="bind_tools (streamed too)")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_anthropic_tools_are_called_and_their_results_taken(gateway: GatewayProcess, model: str, stream: bool) -> None:
    chat = anthropic_chat(gateway, model).bind_tools([weather])
    answer = folded(list(chat.stream([QUESTION]))) if stream else chat.invoke([QUESTION])
    [call] = answer.tool_calls
    after = chat.invoke([QUESTION, answer, weather.invoke(call)])
    assert after.text
    assert not after.tool_calls


@client("langchain-anthropic", door=MESSAGES, feature="with_structured_output")
@pytest.mark.parametrize("model", MODELS)
def test_anthropic_structured_output_is_an_object(gateway: GatewayProcess, model: str) -> None:
    assert isinstance(anthropic_chat(gateway, model).with_structured_output(Town).invoke("Describe a town"), Town)


@client("langchain-anthropic", door=MESSAGES, feature="thinking")
@pytest.mark.parametrize("model", ["sim/large", "messages-large"])
def test_anthropic_thinking_comes_before_the_text(gateway: GatewayProcess, model: str) -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    answer = anthropic_chat(gateway, model, max_tokens=3000, thinking=thinking).invoke(HELLO)
    assert [block["type"] for block in answer.content_blocks] == ["reasoning", "text"]
