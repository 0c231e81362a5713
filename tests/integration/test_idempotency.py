"""Idempotency keys on a whole gateway: two workers, one key, hang-ups and a `kill -9`."""

import http.client
import json
import os
import signal
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.simulator import bill

CLIENTS = 16

pytestmark = pytest.mark.timeout(180)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return json.loads(self.body)["error"]["code"]


@pytest.fixture
def gateway(tmp_path: Path, database_url: str | None) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path / "data", workers=2, database_url=database_url) as running:
        yield running


def begin(gateway: GatewayProcess, key: str, **changes: Any) -> http.client.HTTPConnection:
    """Send a request on a connection of its own, which may reach any worker."""
    address = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    body = {
        "model": "sim/small",
        "messages": [{"role": "user", "content": "Once, please."}],
        "stream": True,
        "max_tokens": 60,
        "simulate": {"tokens_per_second": 60, "output_tokens": 30},
        **changes,
    }
    headers = {"authorization": f"Bearer {gateway.key}", "idempotency-key": key, "connection": "close"}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    return connection


def ask(gateway: GatewayProcess, key: str, **changes: Any) -> Answer:
    connection = begin(gateway, key, **changes)
    try:
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def ask_until_it_ran(gateway: GatewayProcess, key: str) -> Answer:
    """Ask again while the key is in use."""
    return wait_until(
        lambda: (
            (answer := ask(gateway, key)) and not (answer.status == 409 and answer.code.endswith("in_use")) and answer
        ),
        what="the first request's end",
    )


def test_of_many_at_once_one_is_sent_and_all_get_its_answer(gateway: GatewayProcess) -> None:
    found: list[Answer] = []
    clients = [threading.Thread(target=lambda: found.append(ask(gateway, "order"))) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    answered = [answer for answer in found if answer.status == 200]
    (first,) = [answer for answer in answered if "x-headgate-idempotent-replay" not in answer.headers]
    assert {first.body} == {answer.body for answer in answered}
    others = [answer for answer in found if answer.status != 200]
    assert CLIENTS == len(answered) + len(others)
    assert {("idempotency_key_in_use", "1")} >= {(answer.code, answer.headers["retry-after"]) for answer in others}

    original = first.headers["x-request-id"]
    for _ in range(4):
        again = ask(gateway, "order")
        assert (200, first.body) == (again.status, again.body)
        assert original == again.headers["x-headgate-original-request-id"]
        log = gateway.request_log(again.headers["x-request-id"])
        assert ("ok", 0, f"Replayed from {original}") == (log["outcome"], log["attempts"], log["message"])
    assert gateway.cost_event(original)["amount_nano"] > 0
    assert 1 == len(bill(gateway))
    assert "idempotency_key_reused" == ask(gateway, "order", max_tokens=61).code


def test_who_hung_up_gets_all_of_it_later(gateway: GatewayProcess) -> None:
    connection = begin(gateway, "hung up")
    assert connection.getresponse().read(200)
    connection.close()
    answer = ask_until_it_ran(gateway, "hung up")
    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert "true" == answer.headers["x-headgate-idempotent-replay"]
    assert 1 == len(bill(gateway))


def test_after_a_kill_what_was_answered_is_given_and_what_was_not_is_not_sent_again(gateway: GatewayProcess) -> None:
    whole = ask(gateway, "whole")
    connection = begin(gateway, "half")
    assert connection.getresponse().read(200)
    for pid in gateway.pids("gateway"):
        os.kill(pid, signal.SIGKILL)
    connection.close()
    wait_until(lambda: len(gateway.pids("gateway")) == 2 and serves(gateway), what="the workers' successors")
    answer = ask_until_it_ran(gateway, "half")
    assert (409, "idempotency_outcome_unknown") == (answer.status, answer.code)
    assert whole.body == ask(gateway, "whole").body
    wait_until(lambda: len(bill(gateway)) == 2, what="the simulator's bill")


def serves(gateway: GatewayProcess) -> bool:
    try:
        with urllib.request.urlopen(f"{gateway.url}/readyz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
