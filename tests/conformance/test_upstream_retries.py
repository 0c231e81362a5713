"""The gateway tries again by itself, and so do SDKs: together they must not try as often as one times the other."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import anthropic
import cohere
import httpx2
import openai
import pytest
from google import genai
from google.genai import errors as google_errors
from google.genai import types as google_types
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI
from mistralai.client import Mistral
from mistralai.client.errors import SDKError
from mistralai.client.utils import BackoffStrategy, RetryConfig

from tests.kit.clients import client
from tests.kit.gateway import GatewayProcess
from tests.kit.simulator import bill, knobs

HELLO: Any = [{"role": "user", "content": "Say hello"}]
DEPLOYMENTS = """
from headgate.control.deployments.models import Deployment
from headgate.control.deployments.operations import save_deployment
for name in {names!r}:
    save_deployment(Deployment(name=name, provider="sim", model="small"))
"""

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("gateway retries")]


def ask_openai(gateway: GatewayProcess, model: str) -> None:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=2) as sdk:
        sdk.chat.completions.create(model=model, messages=HELLO)


def ask_anthropic(gateway: GatewayProcess, model: str) -> None:
    with anthropic.Anthropic(base_url=gateway.url, api_key=gateway.key, max_retries=2) as sdk:
        sdk.messages.create(model=model, max_tokens=50, messages=HELLO)


def ask_langchain_openai(gateway: GatewayProcess, model: str) -> None:
    ChatOpenAI(model=model, base_url=f"{gateway.url}/v1", api_key=gateway.key).invoke("Say hello")  # type: ignore[arg-type]


def ask_langchain_anthropic(gateway: GatewayProcess, model: str) -> None:
    ChatAnthropic(model=model, base_url=gateway.url, api_key=gateway.key, max_tokens=50).invoke("Say hello")  # type: ignore[arg-type,call-arg]


def ask_mistral(gateway: GatewayProcess, model: str) -> None:
    """As it is by itself: it repeats nothing."""
    with Mistral(api_key=gateway.key, server_url=gateway.url) as sdk:
        sdk.chat.complete(model=model, messages=HELLO)


def ask_google(gateway: GatewayProcess, model: str, retry_options: google_types.HttpRetryOptions | None = None) -> None:
    """As it is by itself, it repeats nothing either."""
    options = google_types.HttpOptions(base_url=gateway.url, retry_options=retry_options)
    with genai.Client(api_key=gateway.key, http_options=options) as sdk:
        sdk.models.generate_content(model=model, contents="Say hello")


OBEDIENT: dict[str, tuple[Callable[[GatewayProcess, str], None], type[Exception]]] = {
    "openai": (ask_openai, openai.InternalServerError),
    "anthropic": (ask_anthropic, anthropic.InternalServerError),
    "langchain-openai": (ask_langchain_openai, openai.InternalServerError),
    "langchain-anthropic": (ask_langchain_anthropic, anthropic.InternalServerError),
    "mistralai": (ask_mistral, SDKError),
    "google-genai": (ask_google, google_errors.ServerError),
}
OTHERS = ["mistralai with retries", "cohere", "google-genai with retries", "openai waits", "anthropic waits"]


@pytest.fixture(scope="module")
def retrying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway with retries, and a deployment for each client: what one makes rest no other one misses."""
    environ = {"HEADGATE_RETRIES": "1", "HEADGATE_COOLDOWN_S": "1"}
    with GatewayProcess(tmp_path_factory.mktemp("retries") / "data", workers=1, environ=environ) as running:
        running.control(DEPLOYMENTS.format(names=[*OBEDIENT, *OTHERS]))
        running.wait_for_revision(running.revision())
        yield running


def attempts_during(gateway: GatewayProcess, ask: Callable[[], None]) -> list[str]:
    """Which attempts of which requests the provider saw: `1`, `2` for one request that was tried again."""
    before = len(bill(gateway))
    ask()
    return [entry["attempt"] for entry in bill(gateway)[before:]]


@client("anthropic", door="/v1/messages", feature="no tries on top of the gateway's")
@client("google-genai", door="/v1beta/models/{model}:generateContent", feature="no tries on top of the gateway's")
@client("langchain-anthropic", door="/v1/messages", feature="no tries on top of the gateway's")
@client("langchain-openai", door="/v1/chat/completions", feature="no tries on top of the gateway's")
@client("mistralai", door="/v1/chat/completions", feature="no tries on top of the gateway's")
@client("openai", door="/v1/chat/completions", feature="no tries on top of the gateway's")
@pytest.mark.parametrize("name", OBEDIENT)
def test_what_the_gateway_has_repeated_the_sdk_does_not_repeat(retrying: GatewayProcess, name: str) -> None:
    ask, error = OBEDIENT[name]

    def fail() -> None:
        with pytest.raises(error):
            ask(retrying, name)

    with knobs(retrying, error={"status": 503}):
        assert attempts_during(retrying, fail) == ["1", "2"]


def test_mistrals_sdk_with_retries_switched_on_repeats_all_the_same(retrying: GatewayProcess) -> None:
    """What docs/reference/headers.md says of it: it looks at the status alone."""
    statuses: list[int] = []
    backoff = BackoffStrategy(initial_interval=1, max_interval=1, exponent=1, max_elapsed_time=60_000, jitter_ms=0)
    with ExitStack() as failing:

        def answered(response: httpx2.Response) -> None:
            statuses.append(response.status_code)
            if len(statuses) == 2:
                failing.close()

        def ask() -> None:
            with (
                httpx2.Client(event_hooks={"response": [answered]}) as http,
                Mistral(
                    api_key=retrying.key,
                    server_url=retrying.url,
                    client=http,
                    retry_config=RetryConfig("backoff", backoff, retry_connection_errors=False),
                ) as sdk,
            ):
                sdk.chat.complete(model="mistralai with retries", messages=HELLO)

        failing.enter_context(knobs(retrying, error={"status": 503}))
        assert attempts_during(retrying, ask) == ["1", "2", "1", "2", "1"]
    assert statuses == [503, 503, 200]


def test_coheres_sdk_repeats_all_the_same(retrying: GatewayProcess) -> None:
    """What docs/reference/headers.md says of it: it looks at the status alone, and `max_retries=0` keeps it from it."""

    def ask(max_retries: int) -> None:
        with (
            cohere.ClientV2(api_key=retrying.key, base_url=retrying.url, max_retries=max_retries) as sdk,
            pytest.raises(cohere.ServiceUnavailableError),
        ):
            sdk.chat(model="cohere", messages=HELLO)

    with knobs(retrying, error={"status": 503}):
        assert attempts_during(retrying, lambda: ask(1)) == ["1", "2", "1", "2"]
    OBEDIENT["openai"][0](retrying, "cohere")
    with knobs(retrying, error={"status": 503}):
        assert attempts_during(retrying, lambda: ask(0)) == ["1", "2"]


def test_googles_sdk_with_retries_switched_on_repeats_all_the_same(retrying: GatewayProcess) -> None:
    twice = google_types.HttpRetryOptions(attempts=2, initial_delay=0, max_delay=0, jitter=0)

    def ask() -> None:
        with pytest.raises(google_errors.ServerError):
            ask_google(retrying, "google-genai with retries", twice)

    with knobs(retrying, error={"status": 503}):
        assert attempts_during(retrying, ask) == ["1", "2", "1", "2"]


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_an_sdk_waits_until_a_deployment_has_rested(retrying: GatewayProcess, name: str) -> None:
    model = f"{name} waits"
    with (
        openai.OpenAI(base_url=f"{retrying.url}/v1", api_key=retrying.key, max_retries=0) as impatient,
        knobs(retrying, error={"status": 503}),
    ):
        for _ in range(5):
            with pytest.raises(openai.InternalServerError) as failed:
                impatient.chat.completions.create(model=model, messages=HELLO)
        assert failed.value.code == "deployment_cooling_down"
        assert "x-should-retry" not in failed.value.response.headers
        assert failed.value.response.headers["retry-after"] == "1"
    assert attempts_during(retrying, lambda: OBEDIENT[name][0](retrying, model)) == ["1"]
