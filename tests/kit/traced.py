"""A gateway that tells LangSmith of its requests, and a load of them."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.langsmith_server import KEY, LangSmithServer

CLIENTS = 4


def node(folder: Path, server: LangSmithServer, database_url: str | None, **environ: str) -> GatewayProcess:
    traced = {"LANGSMITH_API_KEY": KEY, "LANGSMITH_ENDPOINT": server.url} | environ
    return GatewayProcess(folder, workers=1, database_url=database_url, environ=traced)


def ask(gateway: GatewayProcess, number: int, *, model: str = "sim/small", text: str = "secret", **headers: str) -> int:
    """One request; its status."""
    body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": number % 2 == 0}
    request = urllib.request.Request(
        f"{gateway.url}/v1/chat/completions",
        data=json.dumps(body | {"max_tokens": 20}).encode(),
        headers={"authorization": f"Bearer {gateway.key}", "x-headgate-user": f"u{number % 7}"} | headers,
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@contextmanager
def load(*gateways: GatewayProcess, pause_s: float = 0.0) -> Iterator[list[int]]:
    """Clients that ask on and on, each with a pause between two; the statuses that they got."""
    stop, statuses = threading.Event(), list[int]()

    def client(number: int) -> None:
        while not stop.wait(pause_s):
            model = "sim/small" if number % 5 else "no-such-model"
            statuses.append(ask(gateways[number % len(gateways)], number, model=model))
            number += CLIENTS

    threads = [threading.Thread(target=client, args=(start,)) for start in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def more(statuses: list[int], count: int) -> None:
    """Wait until so many more requests were answered."""
    before = len(statuses)
    wait_until(lambda: len(statuses) >= before + count, what="load")


def caught_up(gateway: GatewayProcess, statuses: list[int]) -> None:
    """Wait until every request is in the log, and told of."""
    count = "SELECT count(*) AS n FROM headgate_"
    wait_until(
        lambda: gateway.rows(f"{count}request_log")[0]["n"] >= len(statuses), within_s=60, what="rows of all requests"
    )
    wait_until(lambda: gateway.rows(f"{count}delivery")[0]["n"] == 0, within_s=90, what="an empty queue")
