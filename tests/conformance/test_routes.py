"""Routes as an operator makes them, on a running gateway: names, splits, fallbacks, listings, quotes and the log."""

import json
from collections import Counter

import openai
import pytest

from tests.kit.doors import CHAT, post
from tests.kit.gateway import GatewayProcess

USERS = 60


@pytest.fixture(scope="module")
def routed(gateway: GatewayProcess) -> GatewayProcess:
    """The gateway with a split over two formats, and a route whose first arm is down."""
    gateway.control(
        "from headgate.control.deployments.models import Deployment\n"
        "from headgate.control.deployments.operations import save_deployment\n"
        "save_deployment(Deployment(name='down', provider='openai', model='small', base_url='http://127.0.0.1:9/v1'))\n"
    )
    for words in (
        ("split", "old=chat-small,2", "new=messages-small,1", "--strategy", "split"),
        ("steady", "down", "chat-small"),
    ):
        done = gateway.command("route", "set", *words)
        assert done.returncode == 0, done.stderr
    gateway.wait_for_revision(gateway.revision())
    return gateway


def chat(gateway: GatewayProcess, model: str, **fields: object):
    body = {"model": model, "max_tokens": 16, "messages": [{"role": "user", "content": "What is a headgate?"}]} | fields
    return post(gateway, CHAT, json.dumps(body).encode())


def row_of(gateway: GatewayProcess, answer) -> dict:
    row = gateway.request_log(answer.headers["x-request-id"])
    return row | {"tries": json.loads(row["tries"]) if isinstance(row["tries"], str) else row["tries"]}


def test_a_split_gives_the_same_user_the_same_arm_in_about_its_share(routed: GatewayProcess) -> None:
    arms: Counter[str] = Counter()
    for number in range(USERS):
        first, again = (row_of(routed, chat(routed, "split", user=f"user-{number}")) for _ in range(2))
        assert ("split", "split", first["arm"]) == (first["original_model"], first["route"], again["arm"])
        assert {"old": "openai", "new": "anthropic"}[first["arm"]] == first["provider"]
        arms[first["arm"]] += 1
    assert 0.5 * USERS < arms["old"] < 0.85 * USERS


def test_a_quote_names_the_arm_that_the_call_gets(routed: GatewayProcess) -> None:
    body = {"model": "split", "messages": [{"role": "user", "content": "Hello"}], "user": "user-1", "max_tokens": 9}
    told = json.loads(post(routed, "/v1/quote", json.dumps(body).encode()).body)
    called = row_of(routed, post(routed, CHAT, json.dumps(body).encode()))
    assert told["plan"] == {"route": "split", "strategy": "split", "arm": called["arm"]}
    assert {"old", "new"} == {each["arm"] for each in told["route"]}
    assert told["bound"]["cost_usd"] == told["route"][0]["cost_usd"] > 0


def test_what_does_not_answer_is_fallen_back_from_and_stands_in_the_log(routed: GatewayProcess) -> None:
    answer = chat(routed, "steady")
    assert 200 == answer.status, answer.body
    row = row_of(routed, answer)
    assert ("steady", "down", 2) == (row["route"], row["arm"], row["attempts"])
    assert ["unreached", "ok"] == [each["outcome"] for each in row["tries"]]


def test_routes_are_models_with_the_price_of_their_dearest_arm(
    routed: GatewayProcess, openai_client: openai.OpenAI
) -> None:
    listed = {model.id: model for model in openai_client.models.list()}
    assert "headgate" == listed["split"].owned_by
    arms = listed["split"].to_dict()["arms"]
    assert [("old", "chat-small"), ("new", "messages-small")] == [(each["arm"], each["model"]) for each in arms]
    dearest = max(each["pricing"]["output"] for each in arms)
    assert dearest == openai_client.models.retrieve("split").to_dict()["pricing"]["output"]


def test_a_route_that_is_deleted_is_a_name_of_nobody(routed: GatewayProcess) -> None:
    assert 0 == routed.command("route", "set", "brief", "chat-small").returncode
    routed.wait_for_revision(routed.revision())
    assert 200 == chat(routed, "brief").status
    assert 0 == routed.command("route", "delete", "brief").returncode
    routed.wait_for_revision(routed.revision())
    assert 404 == chat(routed, "brief").status
