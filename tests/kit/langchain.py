"""LangChain's clients of a running gateway."""

from typing import Any

from langchain_anthropic import ChatAnthropic
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from tests.kit.clients import TEAM
from tests.kit.gateway import GatewayProcess


@tool
def weather(city: str) -> str:
    """Look up the weather."""
    return f"It rains in {city}."


def openai_chat(gateway: GatewayProcess, model: str, team: str = "", **settings: Any) -> ChatOpenAI:
    """Of OpenAI's formats, which it tries once."""
    return ChatOpenAI(
        model=model,
        base_url=f"{gateway.url}/v1",
        api_key=gateway.key,  # type: ignore[arg-type]
        max_retries=0,
        default_headers={TEAM: team} if team else None,
        **settings,
    )


def anthropic_chat(gateway: GatewayProcess, model: str, team: str = "", **settings: Any) -> ChatAnthropic:
    """Of Anthropic's format, which it tries once."""
    return ChatAnthropic(
        model=model,  # type: ignore[call-arg]
        base_url=gateway.url,
        api_key=gateway.key,  # type: ignore[arg-type]
        max_retries=0,
        default_headers={TEAM: team} if team else None,
        **{"max_tokens": 300, **settings},
    )
