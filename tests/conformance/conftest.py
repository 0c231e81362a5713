"""A running gateway whose models lead to the simulator in either format."""

import json
from collections.abc import Iterator

import anthropic
import openai
import pytest

from headgate.simulator.signatures import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from tests.kit.compatibility import simulated
from tests.kit.gateway import GatewayProcess

SIM_CARDS = """
from dataclasses import dataclass
import msgspec
from headgate.control.deployments.models import Deployment, ProviderCredential
from headgate.control.deployments.operations import save_credential, save_deployment
from headgate.control.pricing.operations import add_override
from headgate.control.publication.operations import publishing
from headgate.domain.prices import Match
from headgate.pricing.card_ids import identified
from headgate.pricing.sim_cards import sim_cards
with publishing():
    for provider, base in (("openai", "{simulator}/v1"), ("anthropic", "{simulator}")):
        for card in sim_cards():
            add_override(identified(msgspec.structs.replace(card, provider=provider, source="admin", priority=100)))
            name = "chat-" if provider == "openai" else "messages-"
            save_deployment(Deployment(name=name + card.model, provider=provider, model=card.model, base_url=base))
    for card in sim_cards():
        add_override(identified(msgspec.structs.replace(card, provider="aws", source="admin", priority=100)))
    for name, keys in {keys}.items():
        credential = ProviderCredential(name=name, provider="bedrock")
        save_credential(credential, plain=keys)
        for model in ("echo", "small", "reasoner"):
            deployment = Deployment(name=name + "-" + model, provider="bedrock", model=model, base_url="{simulator}")
            deployment.credential = credential
            save_deployment(deployment)
    for format in {formats}:
        for model in ("echo", "small", "reasoner"):
            save_deployment(Deployment(name=format + "-" + model, provider="sim", model=model, format=format))
"""

_KEYS = {"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY, "region": "eu-central-1"}
AWS_KEYS = {
    "converse": json.dumps(_KEYS),
    "stranger": json.dumps({**_KEYS, "secret_access_key": "not-the-one-that-the-simulator-knows"}),
}
"""What signs for deployments that begin so."""


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """`chat-small` is reached in OpenAI's format only, `messages-small` in Anthropic's only, `sim/small` in both.

    `converse-small` is reached as Bedrock is, with signed requests; the keys of `stranger-small` are not known there.
    `cohere.chat-small` is the same model, held to that format; there is one of every format that is translated to.
    """
    with GatewayProcess(tmp_path_factory.mktemp("conformance") / "data", workers=1) as running:
        formats = [format_.value for format_ in simulated()]
        cards = SIM_CARDS.replace("{formats}", repr(formats)).replace("{keys}", repr(AWS_KEYS))
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
