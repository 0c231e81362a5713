"""A running gateway whose models lead to the simulator in either format."""

from collections.abc import Iterator

import anthropic
import openai
import pytest

from tests.kit.compatibility import simulated
from tests.kit.gateway import GatewayProcess

SIM_CARDS = """
from dataclasses import dataclass
import msgspec
from headgate.control.deployments.models import Deployment
from headgate.control.deployments.operations import save_deployment
from headgate.control.pricing.operations import add_override
from headgate.domain.prices import Match
from headgate.pricing.card_ids import identified
from headgate.pricing.sim_cards import sim_cards
for provider, base in (("openai", "{simulator}/v1"), ("anthropic", "{simulator}")):
    for card in sim_cards():
        add_override(identified(msgspec.structs.replace(card, provider=provider, source="admin", priority=100)))
        name = "chat-" if provider == "openai" else "messages-"
        save_deployment(Deployment(name=name + card.model, provider=provider, model=card.model, base_url=base))
for format in {formats}:
    for model in ("echo", "small", "reasoner"):
        save_deployment(Deployment(name=format + "-" + model, provider="sim", model=model, format=format))
"""


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """`chat-small` is reached in OpenAI's format only, `messages-small` in Anthropic's only, `sim/small` in both.

    `cohere.chat-small` is the same model, held to that format; there is one of every format that is translated to.
    """
    with GatewayProcess(tmp_path_factory.mktemp("conformance") / "data", workers=1) as running:
        cards = SIM_CARDS.replace("{formats}", repr([format_.value for format_ in simulated()]))
        running.control(cards.replace("{simulator}", running.child_url("simulate")))
        running.wait_for_revision(running.revision())
        yield running


@pytest.fixture(scope="session")
def openai_client(gateway: GatewayProcess) -> Iterator[openai.OpenAI]:
    """OpenAI's own SDK."""
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as client:
        yield client


@pytest.fixture(scope="session")
def anthropic_client(gateway: GatewayProcess) -> Iterator[anthropic.Anthropic]:
    """Anthropic's own SDK."""
    with anthropic.Anthropic(base_url=gateway.url, api_key=gateway.key, max_retries=0) as client:
        yield client
