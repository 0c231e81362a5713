"""An agent as LangGraph builds it against a running gateway: it asks, calls a tool, and finishes; every ask is paid."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from tests.kit.clients import client, paid_calls
from tests.kit.gateway import GatewayProcess
from tests.kit.langchain import anthropic_chat, openai_chat, weather

MODELS = ["sim/small", "chat-small", "messages-small"]
QUESTION: Any = {"messages": [HumanMessage("Please use the tool weather.")]}
MODEL, TOOLS = "model", "tools"


def agent(chat: Any) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Model and tool in turns, until the model calls no tool."""
    bound = chat.bind_tools([weather])

    def ask(state: MessagesState) -> dict[str, Any]:
        return {"messages": [bound.invoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node(MODEL, ask)
    graph.add_node(TOOLS, ToolNode([weather]))
    graph.add_edge(START, MODEL)
    graph.add_conditional_edges(MODEL, tools_condition)
    graph.add_edge(TOOLS, MODEL)
    return graph.compile()


def check(gateway: GatewayProcess, chat: Callable[..., Any], team: str, model: str) -> None:
    """Run the agent to its end, then look into the books."""
    said = agent(chat(gateway, model, team)).invoke(QUESTION)["messages"]
    assert [type(message) for message in said] == [HumanMessage, AIMessage, ToolMessage, AIMessage]
    assert "It rains in" in said[2].text
    assert said[3].text
    asked, finished = paid_calls(gateway, team)
    for event, message in ((asked, said[1]), (finished, said[3])):
        assert message.usage_metadata["input_tokens"] == event["prompt_tokens"]
        assert message.usage_metadata["output_tokens"] == event["completion_tokens"]


def check_streamed(gateway: GatewayProcess, chat: Callable[..., Any], team: str, model: str) -> None:
    """The same, told token by token; what the model's node says is streamed from the gateway."""
    told = list(agent(chat(gateway, model, team)).stream(QUESTION, stream_mode="messages"))
    spoken = [message for message, at in told if at["langgraph_node"] == MODEL and isinstance(message, AIMessageChunk)]
    assert len(spoken) > 2
    assert [message.text for message, at in told if at["langgraph_node"] == TOOLS] != []
    calls = [call["name"] for message in spoken for call in message.tool_call_chunks if call["name"]]
    assert calls == ["weather"]
    assert "".join(message.text for message in spoken)
    events = paid_calls(gateway, team)
    assert [event["stream"] for event in events] == [1, 1]


@client("langgraph", door="/v1/chat/completions", feature="agent with a tool, through langchain-openai")
@pytest.mark.parametrize("model", MODELS)
def test_an_agent_of_openais_format_finishes(gateway: GatewayProcess, model: str) -> None:
    check(gateway, openai_chat, f"langgraph openai {model}", model)


@client("langgraph", door="/v1/chat/completions", feature="streamed agent")
@pytest.mark.parametrize("model", MODELS)
def test_an_agent_of_openais_format_is_streamed(gateway: GatewayProcess, model: str) -> None:
    check_streamed(gateway, openai_chat, f"langgraph openai stream {model}", model)


@client("langgraph", door="/v1/messages", feature="agent with a tool, through langchain-anthropic")
@pytest.mark.parametrize("model", MODELS)
def test_an_agent_of_anthropics_format_finishes(gateway: GatewayProcess, model: str) -> None:
    check(gateway, anthropic_chat, f"langgraph anthropic {model}", model)


@client("langgraph", door="/v1/messages", feature="streamed agent")
@pytest.mark.parametrize("model", MODELS)
def test_an_agent_of_anthropics_format_is_streamed(gateway: GatewayProcess, model: str) -> None:
    check_streamed(gateway, anthropic_chat, f"langgraph anthropic stream {model}", model)
