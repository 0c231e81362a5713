"""Plays an answer over ASGI: waits, sends, breaks where a knob says so, and enters it in the bill exactly once.

The entry is made before the last byte leaves, so that whoever has read an answer to its end finds it in the bill. A
client that hangs up changes nothing: generation goes on to the end and is charged in full.
"""

import hashlib
from asyncio import get_running_loop, sleep

import msgspec
from starlette.types import Message, Send

from headgate.simulator.bill import Bill
from headgate.simulator.knobs import Knobs
from headgate.simulator.prices import Counts
from headgate.simulator.script import Piece, Script

DEFAULT_STALL_MS = 30_000
_BREATHER = 64
"""Events sent between two turns for everybody else, where nothing else waits."""
_Headers = list[tuple[bytes, bytes]]


class Exchange:
    """One request and its answer on the wire."""

    def __init__(self, send: Send, bill: Bill, *, request_id: str, attempt: str, endpoint: str) -> None:
        """Tie an ASGI `send` to the bill; the ids are what the caller sent, or empty."""
        self._send = send
        self._bill = bill
        self._request_id = request_id
        self._attempt = attempt
        self._endpoint = endpoint
        self._posted = False
        self._client_gone = False

    def post(self, model: str, status: int, counts: Counts, *, stream: bool, completed: bool) -> None:
        """Enter this request in the bill; a second call does nothing."""
        if self._posted:
            return
        self._posted = True
        self._bill.post(
            request_id=self._request_id,
            attempt=self._attempt,
            model=model,
            endpoint=self._endpoint,
            status=status,
            stream=stream,
            counts=counts,
            completed=completed,
        )

    async def send_body(self, status: int, headers: _Headers, body: bytes) -> None:
        """Send a complete answer."""
        length = (b"content-length", str(len(body)).encode())
        await self._give({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await self._give({"type": "http.response.body", "body": body})

    async def play_whole(self, body: bytes, headers: _Headers, knobs: Knobs, model: str, counts: Counts) -> None:
        """Answer without streaming; everything is generated before the first byte, so everything is charged."""
        knobs = self._fated(knobs)
        try:
            await _wait_ms(knobs.latency_ms)
            if knobs.tokens_per_second is not None:
                await sleep(counts.completion / knobs.tokens_per_second)
            if knobs.break_after is not None or knobs.stall_after is not None:
                await self._break_in_body(body, headers, knobs)
                return
            self.post(model, 200, counts, stream=False, completed=True)
            if knobs.first_byte_ms is None:
                await self.send_body(200, headers, body)
                return
            await self._start([*headers, (b"content-length", str(len(body)).encode())])
            await _wait_ms(knobs.first_byte_ms)
            await self._give({"type": "http.response.body", "body": body})
        finally:
            self.post(model, 200, counts, stream=False, completed=False)

    async def play_stream(self, script: Script, headers: _Headers, knobs: Knobs, model: str, prompt: Counts) -> None:
        """Answer as a stream; `prompt` has the input buckets, the rest is counted as it is generated."""
        knobs = self._fated(knobs)
        progress = _Progress(prompt, knobs)
        try:
            await _wait_ms(knobs.latency_ms)
            await self._start(headers)
            await _wait_ms(knobs.first_byte_ms)
            progress.start()
            await self._more(script.opening)
            if await self._play_pieces(script, knobs, progress):
                self.post(model, 200, progress.counts, stream=True, completed=True)
                await self._give({"type": "http.response.body", "body": script.closing})
            elif knobs.error_event_after == progress.chunks:
                self.post(model, 200, progress.counts, stream=True, completed=False)
                await self._give({"type": "http.response.body", "body": script.error_event})
            elif knobs.stall_after == progress.chunks:
                await _wait_ms(DEFAULT_STALL_MS if knobs.stall_ms is None else knobs.stall_ms)
        finally:
            self.post(model, 200, progress.counts, stream=True, completed=False)

    def _fated(self, knobs: Knobs) -> Knobs:
        """The knobs of this very request: without faults where they happen only to a share, and not to it."""
        if knobs.fault_share is None:
            return knobs
        name = self._request_id or str(self._bill.last_sequence)
        seed = f"fault/{name}/{self._attempt}".encode()
        if int.from_bytes(hashlib.blake2b(seed, digest_size=4).digest()) / 2**32 < knobs.fault_share:
            return knobs
        return msgspec.structs.replace(
            knobs, break_after=None, stall_after=None, error_event_after=None, malformed_after=None
        )

    async def _play_pieces(self, script: Script, knobs: Knobs, progress: "_Progress") -> bool:
        """Send pieces until a fault is due; True when all are out."""
        faults = {knobs.error_event_after, knobs.stall_after, knobs.break_after} - {None}
        malformed = knobs.malformed_after
        for piece in script.pieces:
            if progress.chunks in faults and piece.data:
                return False
            if progress.chunks == malformed and piece.data:
                malformed = None
                await self._more(script.malformed_event)
            await progress.wait(piece.output + piece.reasoning)
            if piece.data:
                await self._more(piece.data)
            progress.add(piece)
        if progress.chunks == malformed:
            await self._more(script.malformed_event)
        return progress.chunks not in faults

    async def _break_in_body(self, body: bytes, headers: _Headers, knobs: Knobs) -> None:
        await self._start([*headers, (b"content-length", str(len(body)).encode())])
        await self._more(body[: len(body) // 2])
        if knobs.break_after is None:
            await _wait_ms(DEFAULT_STALL_MS if knobs.stall_ms is None else knobs.stall_ms)

    async def _start(self, headers: _Headers) -> None:
        await self._give({"type": "http.response.start", "status": 200, "headers": headers})

    async def _more(self, data: bytes) -> None:
        await self._give({"type": "http.response.body", "body": data, "more_body": True})

    async def _give(self, message: Message) -> None:
        if self._client_gone:
            return
        try:
            await self._send(message)
        except OSError:
            # ASGI servers may raise this once the client has hung up; the provider keeps generating.
            self._client_gone = True


class _Progress:
    """What has been generated so far, and when the next token is due."""

    def __init__(self, prompt: Counts, knobs: Knobs) -> None:
        self._prompt = prompt
        self._speed = knobs.tokens_per_second
        self._started_at = 0.0
        self._events = 0
        self._output = 0
        self._reasoning = 0
        self.chunks = 0

    def start(self) -> None:
        if self._speed is not None:
            self._started_at = get_running_loop().time()

    async def wait(self, tokens: int) -> None:
        """Wait until so many more tokens can have been generated."""
        if self._speed is not None:
            due_at = self._started_at + (self._output + self._reasoning + tokens) / self._speed
            ahead = due_at - get_running_loop().time()
            if ahead > 0:
                await sleep(ahead)
                return
        self._events += 1
        if self._events % _BREATHER == 0:
            await sleep(0)

    def add(self, piece: Piece) -> None:
        self._output += piece.output
        self._reasoning += piece.reasoning
        if piece.data and (piece.output + piece.reasoning or piece.content):
            self.chunks += 1

    @property
    def counts(self) -> Counts:
        return msgspec.structs.replace(self._prompt, output=self._output, output_reasoning=self._reasoning)


async def _wait_ms(milliseconds: int | None) -> None:
    if milliseconds:
        await sleep(milliseconds / 1000)
