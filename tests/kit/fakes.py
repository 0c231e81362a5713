"""In-memory twins of the ports in `pipeline/ports.py`: they keep the contracts, without sockets, files or clocks."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from headgate.domain.errors import Unavailable, UpstreamBroken, UpstreamTimeout, UpstreamUnreachable
from headgate.domain.ids import CardId, DeploymentId, KeyId, OrganizationId, OwnerId, RequestId
from headgate.domain.prices import Match, PriceCard, Rate
from headgate.domain.principal import Attribution, Principal
from headgate.domain.usage import Unit
from headgate.infra.feed import compile_config
from headgate.infra.leases.memory import MemoryLeaseStore
from headgate.infra.limits.node import NodeLimiter
from headgate.infra.replays.memory import MemoryKeyTable
from headgate.infra.replays.threaded import ThreadedReplays
from headgate.infra.routes import routes_of
from headgate.ledger.frames import Frame, pack_frame, read_frame
from headgate.ledger.records import Logged, Record, Sent, Settled, decode_record, encode_record
from headgate.pipeline.call import Pipeline
from headgate.pipeline.config import Config
from headgate.pipeline.doors import CHAT, Door
from headgate.pipeline.health import Health
from headgate.pipeline.outside import Outside
from headgate.pipeline.ports import JournalFullError, StreamedBody
from headgate.pipeline.quotes import Quotes
from headgate.pipeline.request import Reply, Request
from headgate.pipeline.treasury import Treasury
from headgate.pricing.sound import HEAD_BYTES
from headgate.routing.breaker import Rules
from headgate.routing.target import Target
from headgate.snapshot.contract import Budget, Deployment, Organization, Snapshot

NOON = 1_767_268_800.0
"""2026-01-01 12:00 UTC."""
SECRET = "an installation's secret, long enough to be one"
KEY = "sk-hg-a-virtual-key"
OWNER = OwnerId("f" * 32)
KEY_HASH = hashlib.sha256(KEY.encode()).digest()
ENVIRON = {"OPENAI_API_KEY": "upstream-openai-credential", "ANTHROPIC_API_KEY": "upstream-anthropic-credential"}


class FakeClock:
    """Time stands still until a test moves it; ids count."""

    def __init__(self, now: float = NOON) -> None:
        self.time = now
        self.ids = 0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time - NOON

    def request_id(self) -> RequestId:
        self.ids += 1
        return RequestId(f"aigw_{int(self.time * 1000)}_{self.ids:016x}")

    def chance(self) -> float:
        return 0.5

    def advance(self, seconds: float) -> None:
        self.time += seconds


class MemoryJournal:
    """Frames records as the file journal does and reads them back out of its bytes."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.full = False
        """No attempt can be opened; endings still fit, for their room was reserved."""
        self.broken = False
        """Nothing can be written at all."""
        self.reserved = 0

    def open_attempt(self, record: Record) -> None:
        if self.full or self.broken:
            raise JournalFullError
        self.reserved += 1
        self.written += pack_frame(encode_record(record))

    def append(self, *records: Record) -> None:
        if self.broken or (self.full and not any(isinstance(record, Settled) for record in records)):
            raise JournalFullError
        for record in records:
            self.written += pack_frame(encode_record(record))

    def close_attempt(self) -> None:
        self.reserved -= 1

    @property
    def records(self) -> list[Record]:
        found: list[Record] = []
        position, window = 0, bytes(self.written)
        while isinstance(frame := read_frame(window, 0, position), Frame):
            found.append(decode_record(frame.payload))
            position = frame.next_position
        assert position == len(self.written)
        return found

    def of(self, kind: type[Any]) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]

    @property
    def sent(self) -> Sent:
        (only,) = self.of(Sent)
        return only

    @property
    def settled(self) -> Settled:
        (only,) = self.of(Settled)
        return only

    @property
    def logged(self) -> Logged:
        (only,) = self.of(Logged)
        return only


class MemoryKeys:
    """Keys in a table; those in `in_memory` are found without the store, which may be away."""

    def __init__(self, table: Mapping[bytes, Principal]) -> None:
        self.table = dict(table)
        self.in_memory: set[bytes] = set()
        self.away = False
        self.key_budgets: tuple[Budget, ...] = ()

    def cached(self, key_hash: bytes) -> Principal | None:
        return self.table.get(key_hash) if key_hash in self.in_memory else None

    def budgets(self, key_hash: bytes) -> tuple[Budget, ...]:
        return self.key_budgets

    async def find(self, key_hash: bytes) -> Principal | None:
        if self.away:
            raise Unavailable("Keys cannot be looked up right now.", code="key_store_unavailable", retry_after_s=1)
        return self.table.get(key_hash)


class Asked(NamedTuple):
    """What came upstream, and how many records the journal held by then."""

    url: str
    headers: dict[str, str]
    body: bytes
    recorded: int

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class ScriptedAnswer:
    """An answer that comes in given pieces and may end in an error or never."""

    def __init__(
        self,
        status: int = 200,
        body: bytes | Sequence[bytes] = b"",
        *,
        headers: Mapping[str, str] | None = None,
        error: Exception | None = None,
        stalls: bool = False,
    ) -> None:
        self.status = status
        self.closed = 0
        self.stalled = asyncio.Event()
        """Set when the pieces are out and the answer hangs."""
        self._headers = {"content-type": "application/json", **(headers or {})}
        self._pieces = [body] if isinstance(body, bytes) else list(body)
        self._error = error
        self._stalls = stalls

    def header(self, name: str) -> str | None:
        return self._headers.get(name)

    async def body(self) -> bytes:
        return b"".join([piece async for piece in self.chunks()])

    async def chunks(self) -> AsyncGenerator[bytes]:
        for piece in self._pieces:
            yield piece
        if self._stalls:
            self.stalled.set()
            await asyncio.Event().wait()
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        self.closed += 1


class MemorySpool:
    """Keeps what came in a list."""

    def __init__(self, *content: bytes) -> None:
        self.kept = list(content)
        self.full = False

    @property
    def size(self) -> int:
        return sum(map(len, self.kept))

    @property
    def head(self) -> bytes:
        return b"".join(self.kept)[:HEAD_BYTES]

    async def write(self, data: bytes) -> None:
        if self.full:
            raise Unavailable("The upload cannot be kept right now.", code="upload_not_kept", retry_after_s=5)
        self.kept.append(data)

    async def chunks(self) -> AsyncGenerator[bytes]:
        for chunk in self.kept:
            yield chunk


class MemoryKept:
    """Which deployment keeps an answer, by organization and id."""

    def __init__(self) -> None:
        self.known: dict[tuple[OrganizationId, str], DeploymentId] = {}
        self.fails: Exception | None = None

    def remember(self, organization_id: OrganizationId, kept_id: str, deployment_id: DeploymentId) -> None:
        self.known[organization_id, kept_id] = deployment_id

    async def find(self, organization_id: OrganizationId, kept_id: str) -> DeploymentId | None:
        if self.fails is not None:
            raise self.fails
        return self.known.get((organization_id, kept_id))


class ScriptedUpstream:
    """Gives its answers in order; an exception among them is raised."""

    def __init__(self, journal: MemoryJournal) -> None:
        self.script: list[ScriptedAnswer | BaseException] = []
        self.asked: list[Asked] = []
        self._journal = journal

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes | StreamedBody, *, provider: str, stream: bool = True
    ) -> ScriptedAnswer:
        del provider, stream
        if not isinstance(body, bytes):
            length, body = body.length, b"".join([chunk async for chunk in body.chunks()])
            assert length == len(body)
        return self._answer(Asked(url, dict(headers), body, len(self._journal.records)))

    async def fetch(self, method: str, url: str, headers: Mapping[str, str], *, provider: str) -> ScriptedAnswer:
        del provider
        return self._answer(Asked(f"{method} {url}", dict(headers), b"", len(self._journal.records)))

    def _answer(self, asked: Asked) -> ScriptedAnswer:
        self.asked.append(asked)
        answer = self.script.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


class MemorySigner:
    """Signs with the length of what it signs; `fails` is raised instead, `stalls` never comes back."""

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.stalls = False

    async def sign(
        self, target: Target, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Mapping[str, str]:
        if self.stalls:
            await asyncio.Event().wait()
        if self.fails is not None:
            raise self.fails
        return {**headers, "authorization": f"Signed {target.credential} {method} {len(url)} {len(body)}"}


def unreachable() -> UpstreamUnreachable:
    return UpstreamUnreachable("openai cannot be reached.", provider="openai", unbilled=True)


def timed_out() -> UpstreamTimeout:
    return UpstreamTimeout("openai did not answer in time.", provider="openai", unbilled=False)


def broke_off() -> UpstreamBroken:
    return UpstreamBroken("The answer of openai broke off.", provider="openai", unbilled=False)


class SnapshotConfigs:
    """The configuration that a snapshot compiles to."""

    def __init__(self, snapshot: Snapshot | None, environ: Mapping[str, str] = ENVIRON) -> None:
        self.config = None if snapshot is None else config_of(snapshot, environ)

    def current(self) -> Config:
        if self.config is None:
            raise Unavailable("The gateway has no configuration yet.", code="not_ready", retry_after_s=1)
        return self.config


def config_of(snapshot: Snapshot, environ: Mapping[str, str] = ENVIRON) -> Config:
    return compile_config(1, snapshot, lambda whole: routes_of(whole, environ=environ, secret=SECRET))


ORGANIZATION = Organization(id="0" * 32, name="Acme", enabled=True)
PRINCIPAL = Principal(key_id=KeyId("1" * 32), key_name="ci", organization_id=OrganizationId(ORGANIZATION.id))


def price_card(provider: str, model: str, **changes: Any) -> PriceCard:
    """1 USD per million input tokens and 4 per million output: 1,000 and 4,000 nano-USD per token."""
    card = PriceCard(
        id=CardId(f"{provider}/{model}@always#1"),
        provider=provider,
        model=model,
        match=Match(equals=model),
        rates={Unit.INPUT: Rate(Decimal(1)), Unit.CACHE_READ: Rate(Decimal("0.1")), Unit.OUTPUT: Rate(Decimal(4))},
        context_window=100_000,
        max_output=1_000,
        source="headgate",
    )
    return msgspec.structs.replace(card, **changes)


CARDS = (
    price_card("openai", "gpt-4o"),
    price_card("openai", "gpt-4o-2024-11-20", rates={Unit.INPUT: Rate(Decimal(2)), Unit.OUTPUT: Rate(Decimal(8))}),
    price_card("openai", "text-embedding-3-small", rates={Unit.INPUT: Rate(Decimal(1))}),
    price_card("anthropic", "claude-sonnet-4-5"),
)


def snapshot_of(
    *deployments: Deployment, organization: Organization = ORGANIZATION, cards: tuple[PriceCard, ...] = CARDS
) -> Snapshot:
    return Snapshot(organizations=(organization,), deployments=deployments, cards=cards)


class Rig:
    """A whole pipeline on twins."""

    def __init__(
        self,
        snapshot: Snapshot | None = None,
        *,
        principal: Principal = PRINCIPAL,
        environ: Mapping[str, str] = ENVIRON,
        drain_s: float = 30.0,
        retries: int = 0,
    ) -> None:
        self.clock = FakeClock()
        self.journal = MemoryJournal()
        self.keys = MemoryKeys({KEY_HASH: principal})
        self.upstream = ScriptedUpstream(self.journal)
        self.signer = MemorySigner()
        self.configs = SnapshotConfigs(snapshot or snapshot_of(), environ)
        self.store = MemoryLeaseStore(self.clock.now)
        self.treasury = Treasury(self.store, self.clock, OWNER, node="node", boot_id="boot")
        self.limiter = NodeLimiter(None, self.clock.monotonic)
        self.replays = ThreadedReplays(MemoryKeyTable(), OWNER)
        self.health = Health(self.clock, Rules())
        self.kept = MemoryKept()
        self.slept: list[float] = []
        self.outside = Outside(
            keys=self.keys,
            journal=self.journal,
            upstream=self.upstream,
            signer=self.signer,
            treasury=self.treasury,
            limiter=self.limiter,
            health=self.health,
            kept=self.kept,
            clock=self.clock,
            sleep=self._sleep,
            drain_s=drain_s,
            retries=retries,
        )
        self.pipeline = Pipeline(self.outside, configs=self.configs, replays=self.replays)

    def quotes(self) -> Quotes:
        """Who tells what would become of requests."""
        return Quotes(
            configs=self.configs,
            keys=self.keys,
            treasury=self.treasury,
            health=self.health,
            kept=self.kept,
            clock=self.clock,
        )

    def use(self, **ports: Any) -> None:
        """Go on with other ports."""
        self.outside = msgspec.structs.replace(self.outside, **ports)
        self.pipeline = Pipeline(self.outside, configs=self.configs, replays=self.replays)

    async def _sleep(self, seconds: float) -> None:
        """Time passes at once."""
        self.slept.append(seconds)
        self.clock.advance(seconds)

    def request(self, body: bytes | Mapping[str, Any] | None = None, door: Door = CHAT, **changes: Any) -> Request:
        document = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]} if body is None else body
        path = door.path
        if door.names_model and not isinstance(document, bytes):
            document = dict(document)
            path = path.replace("{model}", str(document.pop("model")))
        whole = Request(
            id=self.clock.request_id(),
            door=door,
            arrived_at=self.clock.now(),
            started=self.clock.monotonic(),
            key_hash=KEY_HASH,
            headers={},
            attribution=Attribution(),
            body=document if isinstance(document, bytes) else json.dumps(document).encode(),
            path=path,
        )
        return msgspec.structs.replace(whole, **changes)

    async def run(
        self,
        *script: ScriptedAnswer | BaseException,
        body: bytes | Mapping[str, Any] | None = None,
        door: Door = CHAT,
        **changes: Any,
    ) -> Reply:
        self.upstream.script = list(script)
        return await self.pipeline.run(self.request(body, door, **changes))


async def until(condition: Callable[[], object], *, within_s: float = 10) -> None:
    """Let everything else run until a condition holds that nothing announces; fails when it never does."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.001)


async def read_all(reply: Reply) -> bytes:
    """Everything that a streamed reply gives."""
    assert reply.stream is not None
    return b"".join([chunk async for chunk in reply.stream])


def event(data: Any, name: str = "") -> bytes:
    """One server-sent event."""
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"))
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def chat_answer(**changes: Any) -> bytes:
    """A whole chat completion: 100 tokens in, 10 out: 140,000 nano-USD by the card of gpt-4o."""
    document = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }
    return json.dumps(document | changes).encode()


def chat_stream(*, usage: bool = True, done: bool = True, model: str = "gpt-4o") -> list[bytes]:
    """The events of a streamed chat completion that costs the same."""
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}

    def chunk(delta: dict[str, Any], reason: str | None = None) -> bytes:
        return event(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

    events = [chunk({"role": "assistant", "content": ""}), chunk({"content": "Hi"}), chunk({"content": " there"})]
    events.append(chunk({}, "stop"))
    if usage:
        counted = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        events.append(event(head | {"choices": [], "usage": counted}))
    return [*events, event("[DONE]")] if done else events


def message_stream() -> list[bytes]:
    """The events of a streamed Anthropic message: 100 tokens in, 10 out."""
    usage = {"input_tokens": 100, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": []}
    start = message | {"stop_reason": None, "stop_sequence": None, "usage": usage}
    documents: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi ünd"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": " there"}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 10},
        },
        {"type": "message_stop"},
    ]
    return [event(document, document["type"]) for document in documents]
