"""Every cell of docs/reference/compatibility.md whose format is simulated, asked of a running gateway.

A request is written for a door, the simulator answers it in the provider's format, and what the client gets is held
against what the page says. What was answered is in the books as it was billed.
"""

import json
from typing import Any

import httpx2
import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.translate.registry import codec_for
from tests.kit.compatibility import FEATURES, MODELS, doors, simulated, verdict
from tests.kit.gateway import GatewayProcess
from tests.kit.simulator import billed
from tests.kit.spoken import SPOKEN, Spoken

CELLS = [
    pytest.param(door, provider, id=f"{door.value} to {provider.value}")
    for door in doors()
    if door in SPOKEN
    for provider in simulated()
]


@pytest.fixture(scope="module")
def http(gateway: GatewayProcess) -> Any:
    with httpx2.Client(base_url=gateway.url, headers={"authorization": f"Bearer {gateway.key}"}, timeout=30) as client:
        yield client


def ask(http: httpx2.Client, row: Spoken, provider: Format, feature: str) -> httpx2.Response:
    """The request as a client of the door writes it, of the model that is held to the provider's format."""
    conversation, model = FEATURES[feature].asked, f"{provider.value}-small"
    codec = codec_for(row.format)
    body = codec.render_request(conversation, model=MODELS[row.format], default_max_tokens=4_096)
    asked = row.ask(json.loads(body), model, conversation.stream)
    return http.post(asked.path, content=asked.body)


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize(("door", "provider"), CELLS)
def test_a_running_gateway_does_what_the_page_says(
    gateway: GatewayProcess, http: httpx2.Client, door: Format, provider: Format, feature: str
) -> None:
    row, expected = SPOKEN[door], verdict(door, provider, feature)
    answer = ask(http, row, provider, feature)
    if expected.startswith("refused"):
        assert 400 == answer.status_code
        assert expected.removeprefix("refused: ").strip("`") in msgspec.json.decode(answer.content)["error"]["message"]
        return
    assert 200 == answer.status_code, answer.text
    seen = row.read(answer.content, streamed=FEATURES[feature].asked.stream)
    assert seen.text or seen.tools
    event = gateway.cost_event(answer.headers["x-request-id"])
    assert ("ok", billed(gateway, event["request_id"])) == (event["outcome"], event["amount_nano"])
    assert (event["prompt_tokens"], event["completion_tokens"]) == (seen.prompt_tokens, seen.completion_tokens)
    if feature == "tool choice":
        assert ["look_up"] == [name for name, _ in seen.tools]
    if feature == "JSON schema":
        assert ["city"] == list(json.loads(seen.text))
