"""`kill -9` of a gateway worker under load: nothing lost, nothing doubled, what was in flight is marked estimated."""

import json
import os
import random
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.simulator import bill, compare, settled_books

KILLS = 20
CLIENTS = 8

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def gateway(tmp_path: Path, database_url: str | None) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path / "data", workers=2, database_url=database_url) as running:
        yield running


def ask(gateway: GatewayProcess, number: int) -> bool:
    """One request on a connection of its own; False when the worker died under it."""
    address = urlsplit(gateway.url)
    body = json.dumps(
        {
            "model": random.Random(number).choice(["sim/small", "sim/large", "sim/echo"]),
            "messages": [{"role": "user", "content": f"request {number}"}],
            "stream": number % 2 == 0,
            "max_tokens": 60,
            "simulate": {"tokens_per_second": 400},
        }
    ).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {gateway.key}\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    try:
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
            connection.sendall(head.encode() + body)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
    except OSError:
        return False
    end = b"data: [DONE]" if number % 2 == 0 else b'"total_tokens"'
    return answer.startswith(b"HTTP/1.1 200") and end in answer


def test_twenty_kills_lose_and_double_nothing(gateway: GatewayProcess) -> None:
    stop = threading.Event()
    answered: list[int] = []
    died: list[int] = []

    def client(start: int) -> None:
        number = start
        while not stop.is_set():
            whole = ask(gateway, number)
            (answered if whole else died).append(number)
            if not whole:
                stop.wait(0.02)
            number += CLIENTS

    clients = [threading.Thread(target=client, args=(start,)) for start in range(CLIENTS)]
    for thread in clients:
        thread.start()
    chance = random.Random(7)
    for _ in range(KILLS):
        before = len(answered)
        wait_until(lambda before=before: len(answered) > before + 5, what="progress under load")
        victims = wait_until(lambda: gateway.pids("gateway"), what="a gateway worker")
        os.kill(chance.choice(victims), signal.SIGKILL)
        wait_until(lambda: len(gateway.pids("gateway")) == 2, what="the worker's successor")
    stop.set()
    for thread in clients:
        thread.join()

    # Every dead worker's journal is recovered: only the living ones' are left.
    journals = gateway.data_dir / "journal"
    wait_until(lambda: len(list(journals.iterdir())) == 2, what="recovery of the dead workers' journals")
    billed = bill(gateway)
    result = compare(settled_books(gateway, billed), billed)
    print(f"\n{KILLS} kills, {len(answered)} answered, {len(died)} cut off: {result}")
    assert result["booked_settled_nano"] == result["billed_settled_nano"]
    assert result["settled"] >= len(answered)
    assert result["requests"] <= len(answered) + len(died)
    verified = gateway.command("verify")
    assert verified.stdout.endswith("the roll-ups are the sums of the books\n"), verified.stderr
