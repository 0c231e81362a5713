"""A real simulator on a loopback port, and an application that is called without one."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import anthropic
import httpx2
import msgspec
import openai
import pytest

from headgate.simulator.app import Simulator, create_app

START = """
import argparse, sys
from headgate.simulator.command import add_arguments, main
parser = argparse.ArgumentParser()
add_arguments(parser)
sys.exit(main(parser.parse_args()))
"""


@pytest.fixture(scope="session")
def start_simulator() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts simulators as `headgate simulate` does; whatever still runs at the end is ended."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{START}", *options]
        process = subprocess.Popen(
            command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="session")
def running_url(start_simulator: Callable[..., subprocess.Popen[str]]) -> str:
    process = start_simulator("--port", "0")
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("simulated provider on http://127.0.0.1:"), line
    return line.split()[-1]


@pytest.fixture
def http(running_url: str) -> Iterator[httpx2.Client]:
    """A plain client of the running simulator, with an empty bill and no knobs."""
    with httpx2.Client(base_url=running_url, timeout=20) as client:
        client.delete("/_simulator/bill").raise_for_status()
        client.delete("/_simulator/knobs").raise_for_status()
        yield client


@dataclass
class Bill:
    """Reads the bill of the running simulator."""

    http: httpx2.Client

    def entries(self) -> list[dict[str, Any]]:
        return self.http.get("/_simulator/bill").json()

    def last(self) -> dict[str, Any]:
        return self.entries()[-1]

    def next_after(self, sequence: int) -> dict[str, Any]:
        return self.http.get("/_simulator/bill", params={"after": sequence, "wait_ms": 20_000}).json()[0]

    def total(self) -> dict[str, Any]:
        return self.http.get("/_simulator/bill/total").json()


@pytest.fixture
def bill(http: httpx2.Client) -> Bill:
    return Bill(http)


@pytest.fixture
def openai_client(http: httpx2.Client, running_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{running_url}/v1", api_key="any", max_retries=0, timeout=20) as client:
        yield client


@pytest.fixture
def anthropic_client(http: httpx2.Client, running_url: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=running_url, api_key="any", max_retries=0, timeout=20) as client:
        yield client


@dataclass
class Reply:
    """What an application sent to one in-memory request."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> int:
        return self.messages[0]["status"]

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.messages[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    @property
    def ended(self) -> bool:
        return not self.messages[-1].get("more_body", False)

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


@dataclass
class InMemory:
    """Calls an application without a socket."""

    app: Simulator = field(default_factory=create_app)

    async def post(
        self,
        path: str,
        body: object,
        headers: dict[str, str] | None = None,
        *,
        hang_up_after: int | None = None,
    ) -> Reply:
        """Send a request; after so many messages the client is gone and every `send` fails."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return await self.request("POST", path, content, headers or {}, hang_up_after=hang_up_after)

    async def request(
        self,
        method: str,
        path: str,
        content: bytes,
        headers: dict[str, str],
        *,
        hang_up_after: int | None = None,
    ) -> Reply:
        reply = Reply()
        halves = [content[: len(content) // 2], content[len(content) // 2 :]]

        async def receive() -> dict[str, Any]:
            half = halves.pop(0)
            return {"type": "http.request", "body": half, "more_body": bool(halves)}

        async def send(message: Any) -> None:
            if hang_up_after is not None and len(reply.messages) >= hang_up_after:
                raise OSError("gone")
            reply.messages.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        await self.app(scope, receive, send)
        return reply


@pytest.fixture
def in_memory() -> InMemory:
    return InMemory()
