"""Clients that hang up in the middle of a stream: the answer is read to its end all the same, and its usage is charged."""

import asyncio
import json
import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.kit.gateway import GatewayProcess
from tests.kit.simulator import bill, compare, settled_books

STREAMS = 200
SHARE_OF_HANGUPS = 0.3

pytestmark = [pytest.mark.timeout(180), pytest.mark.may_block]


@pytest.fixture
def gateway(tmp_path: Path, database_url: str | None) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path / "data", workers=2, database_url=database_url) as running:
        yield running


async def stream(gateway: GatewayProcess, number: int, hang_up_after: int | None) -> bool:
    """Stream one answer; hang up after so many bytes. Whether it came whole."""
    address = urlsplit(gateway.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    body = json.dumps(
        {
            "model": ["sim/small", "sim/large", "sim/reasoner"][number % 3],
            "messages": [{"role": "user", "content": f"stream {number}"}],
            "stream": True,
            "max_tokens": 400,
            "simulate": {"tokens_per_second": 200, "output_tokens": 40 + number % 60},
        }
    ).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {gateway.key}\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    answer = b""
    while chunk := await reader.read(4096):
        answer += chunk
        if hang_up_after is not None and len(answer) >= hang_up_after:
            writer.transport.abort()
            return False
    writer.close()
    return b"[DONE]" in answer


async def all_streams(gateway: GatewayProcess) -> list[bool]:
    chance = random.Random(11)
    plans = [chance.randrange(1, 12_000) if chance.random() < SHARE_OF_HANGUPS else None for _ in range(STREAMS)]
    return await asyncio.gather(*(stream(gateway, number, plan) for number, plan in enumerate(plans)))


def test_two_hundred_streams_with_hangups_are_billed_to_the_last_token(gateway: GatewayProcess) -> None:
    whole = asyncio.run(all_streams(gateway))
    books = settled_books(gateway, STREAMS)
    result = compare(books, bill(gateway))
    gone = gateway.rows("SELECT count(*) AS n FROM headgate_request_log WHERE client_gone")[0]["n"]
    print(f"\n{STREAMS} streams, {whole.count(False)} hung up, {gone} noticed: {result}")
    assert whole.count(False) > STREAMS // 10
    assert result["requests"] == STREAMS
    assert result["estimated"] == 0
    assert result["booked_settled_nano"] == result["billed_settled_nano"]
