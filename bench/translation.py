"""`python -m bench.translation`: what translation costs, beside passing through, for each door and provider's format.

No socket: the exchange of one attempt alone, in one process. What it costs to put a request into the provider's format
is the slope between a short and a long one, per kilobyte; an answer is one of 300 tokens, whole and chunk by chunk, as
the simulator writes it. CPU time; cells are interleaved over the rounds, and a figure is the least of its rounds, for
whatever else the machine does only adds. Ratios are to the same door's own format, of the same run.
"""

import argparse
import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bench.measuring import RESULTS, write
from headgate.domain.conversation import Conversation, Message, Role, Text
from headgate.domain.formats import Format
from headgate.domain.ids import DeploymentId
from headgate.pipeline.doors import DOORS, SPOKEN, TRANSLATABLE, Door
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.intake import Intake, read_intake
from headgate.providers.table import PROVIDERS
from headgate.providers.variants import variant
from headgate.routing.target import Target
from headgate.simulator.app import create_app
from headgate.translate.registry import codec_for, provider_codec_for

SHORT, LONG = 1, 64
"""Kilobytes of text in a request, over several messages."""
MESSAGES = 8
OUTPUT_TOKENS = 300
MODEL = "small"
WIDTHS = (10, 8, 12, 8, 12, 8)


class Answer(NamedTuple):
    """What the simulator answers in one format."""

    body: bytes
    chunks: list[bytes]


class Cell(msgspec.Struct, frozen=True):
    """One door and one provider's format, microseconds of CPU."""

    door: str
    provider: str
    request_us_per_kb: float
    answer_us: float
    """Whole, of 300 tokens."""
    chunk_us: float


def said(kilobytes: int, *, stream: bool) -> Conversation:
    """A conversation of so much text."""
    text = "All work and no play makes a dull benchmark. " * (kilobytes * 1_000 // MESSAGES // 45 + 1)
    roles = (Role.USER, Role.ASSISTANT)
    messages = tuple(Message(role=roles[i % 2], parts=(Text(text=text),)) for i in range(MESSAGES - 1))
    return Conversation(messages=messages, max_output_tokens=2_048, stream=stream, include_usage=stream)


def formats() -> list[Format]:
    """Those that are translated to, and that the simulator speaks."""
    return [format_ for format_ in Format if format_ in SPOKEN and format_ in PROVIDERS["sim"].paths]


def door_of(format_: Format, *, stream: bool) -> Door:
    """Where a client asks for an answer, or for a stream: in some formats the path says which."""
    behind = [door for door in DOORS.values() if door.format is format_]
    return next(door for door in behind if (door.streams or door.streamed if stream else not door.streamed))


def intake_of(door: Door, kilobytes: int, *, stream: bool) -> Intake:
    """A request as a client of the door writes it."""
    body = codec_for(door.format).render_request(
        said(kilobytes, stream=stream), model="asked", default_max_tokens=2_048
    )
    return read_intake(door, body, path=door.path.replace("{model}", "asked"), query="alt=sse")


def target_of(format_: Format) -> Target:
    """The simulator, held to one format."""
    return Target(
        deployment_id=DeploymentId("d"),
        provider=variant(PROVIDERS["sim"], format_=format_.value),
        base_url="",
        credential=None,
        model=MODEL,
    )


async def answered(format_: Format) -> Answer:
    """The simulator's answer, whole and as it is streamed."""
    whole, streamed = await _post(format_, stream=False), await _post(format_, stream=True)
    return Answer(b"".join(whole), [chunk for chunk in streamed if chunk])


async def _post(format_: Format, *, stream: bool) -> list[bytes]:
    body = provider_codec_for(format_).render_request(said(SHORT, stream=stream), model=MODEL, default_max_tokens=2_048)
    chunks: list[bytes] = []
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        statuses.append(message.get("status", 200))
        chunks.append(message.get("body", b""))

    target = target_of(format_)
    headers = {**target.headers(format_, {}), "x-simulate": f'{{"output_tokens":{OUTPUT_TOKENS}}}'}
    scope = {
        "type": "http",
        "method": "POST",
        "path": target.url(format_, stream=stream),
        "query_string": b"alt=sse",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await create_app()(scope, receive, send)
    assert max(statuses) < 300, chunks
    return chunks


def loads(client: Format, format_: Format, answer: Answer) -> Iterator[tuple[str, Callable[[], float]]]:
    """What is timed for one cell: name -> seconds of CPU for one time."""
    target = target_of(format_)

    def exchange(kilobytes: int, *, stream: bool = False) -> Callable[[], Exchange]:
        door = door_of(client, stream=stream)
        intake = intake_of(door, kilobytes, stream=stream)
        return lambda: Exchange(door, intake, target, max_output=None, created=1)

    short, long, streamed = exchange(SHORT), exchange(LONG), exchange(SHORT, stream=True)
    yield "short", lambda: _timed(short)
    yield "long", lambda: _timed(long)
    yield "answer", lambda: _timed(short().answer, answer.body)
    yield "chunk", lambda: _timed(_feed, streamed(), answer.chunks) / len(answer.chunks)


def _feed(exchange: Exchange, chunks: list[bytes]) -> None:
    for chunk in chunks:
        exchange.feed(chunk)
    exchange.finish()


def _timed(work: Callable[..., object], *given: object) -> float:
    began = time.process_time_ns()
    work(*given)
    return (time.process_time_ns() - began) / 1e9


def mean(work: Callable[[], float], seconds: float) -> float:
    """Of as many times as fit into so many seconds, and one at least."""
    until = time.monotonic() + seconds
    took = [work()]
    while time.monotonic() < until:
        took.append(work())
    return sum(took) / len(took)


def run(rounds: int, seconds: float) -> list[Cell]:
    """All cells."""
    answers = {format_: asyncio.run(answered(format_)) for format_ in formats()}
    cells = [(client, format_) for client in formats() if client in TRANSLATABLE for format_ in formats()]
    least: dict[tuple[Format, Format, str], float] = defaultdict(lambda: float("inf"))
    for number in range(rounds):
        for client, format_ in cells if number % 2 == 0 else cells[::-1]:
            for name, work in loads(client, format_, answers[format_]):
                key = (client, format_, name)
                least[key] = min(least[key], mean(work, seconds))
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return [_cell(client, format_, least) for client, format_ in cells]


def _cell(client: Format, format_: Format, least: dict[tuple[Format, Format, str], float]) -> Cell:
    at = {name: least[client, format_, name] * 1e6 for name in ("short", "long", "answer", "chunk")}
    return Cell(
        door=client.value,
        provider=format_.value,
        request_us_per_kb=(at["long"] - at["short"]) / (LONG - SHORT),
        answer_us=at["answer"],
        chunk_us=at["chunk"],
    )


def report(cells: list[Cell]) -> str:
    """One line per cell, with the ratios to passing through the same door."""
    names = ("us/kB", "ratio", "us/answer", "ratio", "us/chunk", "ratio")
    lines = [f"{'':50}" + "".join(f"{name:>{width}}" for name, width in zip(names, WIDTHS, strict=True))]
    for cell in cells:
        own = next(each for each in cells if each.door == cell.door == each.provider)
        pairs = (
            (cell.request_us_per_kb, own.request_us_per_kb),
            (cell.answer_us, own.answer_us),
            (cell.chunk_us, own.chunk_us),
        )
        figures = [text for mine, passed in pairs for text in (f"{mine:.2f}", f"{mine / passed:.1f}")]
        row = "".join(f"{figure:>{width}}" for figure, width in zip(figures, WIDTHS, strict=True))
        lines.append(f"{cell.door + ' to ' + cell.provider:50}{row}")
    return "\n".join(lines)


def main() -> int:
    """Read the options, run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench.translation", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.2, help="per figure and round")
    parser.add_argument("--out", type=Path, default=RESULTS / "translation.json")
    args = parser.parse_args()
    cells = run(args.rounds, args.seconds)
    print(report(cells))
    write(args.out, cells)
    return 0


if __name__ == "__main__":
    sys.exit(main())
