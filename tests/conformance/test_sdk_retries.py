"""The SDKs repeat 429 on their own. What a budget refused arrives once; what a rate limit refused, once more."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import anthropic
import openai
import pytest

from tests.kit.clients import client
from tests.kit.doors import CHAT, body_for, wait_for_ingest
from tests.kit.gateway import GatewayProcess
from tests.kit.purses import Purse, charged, open_purses, seen

WANTED = {
    "openai poor": [{"limit": "0.000000001"}],
    "anthropic poor": [{"limit": "0.000000001"}],
    "openai busy": [{"concurrency": 1}],
    "anthropic busy": [{"concurrency": 1}],
}
ASKED = {"role": "user", "content": "hi"}

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def purses(gateway: GatewayProcess) -> dict[str, Purse]:
    """Keys without money, and keys for one request at once."""
    return open_purses(gateway, WANTED)


@contextmanager
def running_stream(gateway: GatewayProcess, purse: Purse) -> Iterator[http.client.HTTPResponse]:
    """A request that ends long after an SDK's second try, unless it is read to its end."""
    address = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    simulate = {"stall_after": 1, "stall_ms": 30_000, "output_tokens": 10}
    body = body_for(CHAT, stream=True, simulate=simulate)
    connection.request("POST", CHAT, body, {"authorization": f"Bearer {purse.key}"})
    answer = connection.getresponse()
    assert answer.status == 200
    try:
        yield answer
    finally:
        connection.close()


def ask_openai(gateway: GatewayProcess, purse: Purse) -> openai.RateLimitError:
    """Ask with OpenAI's SDK, which may try twice."""
    with (
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=purse.key, max_retries=1) as sdk,
        pytest.raises(openai.RateLimitError) as refused,
    ):
        sdk.chat.completions.create(model="sim/small", max_tokens=20, messages=[ASKED])  # type: ignore[list-item]
    return refused.value


def ask_anthropic(gateway: GatewayProcess, purse: Purse) -> anthropic.RateLimitError:
    """Ask with Anthropic's SDK, which may try twice."""
    with (
        anthropic.Anthropic(base_url=gateway.url, api_key=purse.key, max_retries=1) as sdk,
        pytest.raises(anthropic.RateLimitError) as refused,
    ):
        sdk.messages.create(model="sim/small", max_tokens=20, messages=[ASKED])  # type: ignore[list-item]
    return refused.value


@client("openai", door="/v1/chat/completions", feature="no tries against a spent budget")
def test_openais_sdk_does_not_repeat_what_a_budget_refused(gateway: GatewayProcess, purses: dict[str, Purse]) -> None:
    error = ask_openai(gateway, purses["openai poor"])
    assert error.code == "limit_exceeded"
    assert error.request_id is not None
    assert error.request_id in error.message
    assert "Budget 'openai poor 0'" in error.message
    wait_for_ingest(gateway)
    assert seen(gateway, purses["openai poor"]) == ["429"]


@client("anthropic", door="/v1/messages", feature="no tries against a spent budget")
def test_anthropics_sdk_does_not_repeat_what_a_budget_refused(
    gateway: GatewayProcess, purses: dict[str, Purse]
) -> None:
    error = ask_anthropic(gateway, purses["anthropic poor"])
    assert error.request_id is not None
    assert error.request_id in str(error.body)
    assert "limit_exceeded" in str(error.body)
    wait_for_ingest(gateway)
    assert seen(gateway, purses["anthropic poor"]) == ["429"]


@client("openai", door="/v1/chat/completions", feature="waits for a rate limit")
def test_openais_sdk_repeats_what_a_rate_limit_refused(gateway: GatewayProcess, purses: dict[str, Purse]) -> None:
    purse = purses["openai busy"]
    with running_stream(gateway, purse):
        error = ask_openai(gateway, purse)
        assert (error.code, error.response.headers["retry-after"]) == ("rate_limit_exceeded", "1")
        wait_for_ingest(gateway)
        assert seen(gateway, purse) == ["429", "429"]
        assert charged(gateway, purse) == 0


@client("anthropic", door="/v1/messages", feature="waits for a rate limit")
def test_anthropics_sdk_repeats_what_a_rate_limit_refused(gateway: GatewayProcess, purses: dict[str, Purse]) -> None:
    purse = purses["anthropic busy"]
    with running_stream(gateway, purse):
        error = ask_anthropic(gateway, purse)
        assert "rate_limit_exceeded" in str(error.body)
        wait_for_ingest(gateway)
        assert seen(gateway, purse) == ["429", "429"]
        assert charged(gateway, purse) == 0
