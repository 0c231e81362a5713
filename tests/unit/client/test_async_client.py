"""What the async client alone does; the rest is in test_sync_client.py, which runs with both."""

import asyncio
import inspect

import httpx2

from headgate.client import AsyncHeadgate, AsyncTextStream, Headgate, TextStream
from tests.kit.python_client import ADDRESS, KEY, answered


def public(kind: type) -> dict[str, list[str]]:
    methods = {name: member for name, member in vars(kind).items() if not name.startswith("_") or name == "__init__"}
    return {
        name: list(inspect.signature(member).parameters) if callable(member) else [] for name, member in methods.items()
    }


def test_both_clients_and_both_streams_have_the_same_methods():
    assert public(Headgate) == public(AsyncHeadgate)
    assert public(TextStream) == public(AsyncTextStream)


async def test_a_batch_asks_no_more_at_once_than_it_may():
    running = most = 0
    full = asyncio.Barrier(3)

    async def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await full.wait()
        running -= 1
        return answered()

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    async with AsyncHeadgate(base_url=ADDRESS, api_key=KEY, http_client=http) as client:
        await client.batch_generate(
            [{"model": "gpt-4o", "messages": str(number)} for number in range(9)], concurrency=3
        )
    assert 3 == most
