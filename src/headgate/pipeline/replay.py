"""Idempotency keys: the same request within a day gets the stored answer and is not charged again.

A request that shows a key claims it before anything is sent, and ends the claim however it ends:

    answered whole and charged (2xx)            the answer is kept, before its last event leaves
    the same, but larger than MAX_ANSWER_BYTES  the key is used up: no answer to give again
    nothing was charged                         the key is free again
    charged perhaps, no whole answer            the key is used up: outcome unknown

Without the header nothing here costs anything; without the store a request that shows a key is refused.
"""

import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Final, Protocol
from urllib.parse import parse_qs

from headgate.domain.errors import BadRequest
from headgate.domain.ids import RequestId
from headgate.domain.outcome import Outcome
from headgate.domain.principal import Principal
from headgate.ledger.records import Settled
from headgate.pipeline.cut import CUT_SHORT
from headgate.pipeline.ports import Claim, NoAnswer, Replays, StoredAnswer
from headgate.pipeline.request import Reply, Request

KEY_HEADER: Final = "idempotency-key"
MAX_KEY_CHARS: Final = 255
MAX_ANSWER_BYTES: Final = 1024 * 1024

_PIECE: Final = 16 * 1024
_MAY_BE_CHARGED: Final = frozenset({Outcome.OK, Outcome.ESTIMATED})
_ABOUT_ONE_REQUEST: Final = (
    b"x-request-id",
    b"request-id",
    b"x-headgate-cost-usd",
    b"x-ratelimit-",
    b"retry-after",
    b"content-length",
)
"""Headers that would not be true of a replay."""

Settlements = Sequence[Settled | None]
"""What became of the attempts that were opened, in their order; None: not settled yet."""


class Telling(Protocol):
    """What the story of a request has to know and to say (`pipeline/story.py`)."""

    def settlements(self) -> Settlements:
        """What became of the attempts so far."""
        ...

    def end_replayed(self, *, status: int, original: RequestId) -> None:
        """The request ends with the answer that another one got: no attempt, no cost."""
        ...


async def once(
    replays: Replays, request: Request, principal: Principal, story: Telling, answer: Callable[[], Awaitable[Reply]]
) -> Reply:
    """Answer a request, or give what was answered before to its idempotency key.

    Raises:
        BadRequest: a key that is too long, or not printable ASCII.
        Conflict, Unavailable: as `Replays.claim`.
        GatewayError: whatever `answer` raises; the claim is ended by then.
    """
    found = await replayed(replays, request, principal)
    if found is None:
        return await answer()
    if isinstance(found, StoredAnswer):
        story.end_replayed(status=found.status, original=found.request_id)
        return reply_of(found, request.id)
    try:
        reply = await answer()
    except BaseException:
        await _end(replays, found, story.settlements(), None, None)
        raise
    return await capture(reply, found, replays, story.settlements)


async def replayed(replays: Replays, request: Request, principal: Principal) -> StoredAnswer | Claim | None:
    """Look the request's key up and claim it; None for a request without one.

    Raises:
        BadRequest, Conflict, Unavailable: as `once`.
    """
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY_CHARS or not (key.isascii() and key.isprintable()):
        message = f"'Idempotency-Key' must be 1 to {MAX_KEY_CHARS} printable ASCII characters."
        raise BadRequest(message, code="invalid_value", param=KEY_HEADER)
    digest = hashlib.sha256(f"POST {_address(request)}\n".encode())
    digest.update(request.body if request.form is None else request.form.sha256.encode())
    return await replays.claim(principal.key_id, key, digest.hexdigest(), request_id=request.id, now=request.arrived_at)


def _address(request: Request) -> str:
    """Where a request came in, as far as it decides the answer: the path may name the model, the query its framing."""
    if not request.door.names_model:
        return request.door.path
    return f"{request.path}?alt={','.join(parse_qs(request.query).get('alt', ()))}"


def reply_of(stored: StoredAnswer, request_id: RequestId) -> Reply:
    """A stored answer for another request: what was streamed is streamed again, in the same bytes."""
    headers = [
        *stored.headers,
        (b"x-request-id", request_id.encode()),
        (b"request-id", request_id.encode()),
        (b"x-headgate-cost-usd", b"0"),
        (b"x-headgate-idempotent-replay", b"true"),
        (b"x-headgate-original-request-id", stored.request_id.encode()),
    ]
    if dict(stored.headers).get(b"content-type", b"").startswith(b"text/event-stream"):
        return Reply(status=stored.status, headers=headers, stream=_pieces(stored.body))
    return Reply(status=stored.status, headers=headers, body=stored.body)


async def capture(reply: Reply, claim: Claim, replays: Replays, settlements: Callable[[], Settlements]) -> Reply:
    """Keep an answer while it passes, and end its claim; give the same reply."""
    if reply.stream is None:
        await _end(replays, claim, settlements(), reply, reply.body)
        return reply
    reply.stream = _captured(reply.stream, reply, claim, replays, settlements)
    # A generator that never began would not end the claim when it is closed.
    await anext(reply.stream)
    return reply


async def _captured(
    stream: AsyncGenerator[bytes], reply: Reply, claim: Claim, replays: Replays, settlements: Callable[[], Settlements]
) -> AsyncGenerator[bytes]:
    passed = bytearray()
    size, kept = 0, -1
    try:
        yield b""
        async for chunk in stream:
            size += len(chunk)
            if size <= MAX_ANSWER_BYTES:
                passed += chunk
            else:
                passed.clear()
            if kept < 0 and came_whole(reply.status, settlements()):
                # Now rather than at the end: a client that has the last event may ask again at once.
                await _end(replays, claim, settlements(), reply, passed if len(passed) == size else None)
                kept = size
            yield chunk
    finally:
        # It settles the attempt, whatever happened.
        await stream.aclose()
        if kept != size:
            await _end(replays, claim, settlements(), reply, passed if len(passed) == size else None)


def came_whole(status: int, settlements: Settlements) -> bool:
    """Whether an answer came whole and was charged, so that it may be given again.

    A stream that we cut short came whole: its client has a valid end. One without usage need not have.
    """
    last = settlements[-1] if settlements else None
    if last is None or not 200 <= status < 300:
        return False
    return last.outcome is Outcome.OK or (last.outcome is Outcome.ESTIMATED and last.error == CUT_SHORT)


async def _end(
    replays: Replays, claim: Claim, settlements: Settlements, reply: Reply | None, body: bytes | bytearray | None
) -> None:
    """`reply` None: an error was raised; `body` None: more than is kept."""
    if reply is not None and came_whole(reply.status, settlements):
        if body is None or len(body) > MAX_ANSWER_BYTES:
            await replays.forgo(claim, NoAnswer.NOT_KEPT)
        else:
            await replays.keep(
                claim, StoredAnswer(claim.request_id, reply.status, _lasting(reply.headers), bytes(body))
            )
    elif any(settled is None or settled.outcome in _MAY_BE_CHARGED for settled in settlements):
        await replays.forgo(claim, NoAnswer.OUTCOME_UNKNOWN)
    else:
        await replays.release(claim)


def _lasting(headers: Sequence[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name, value) for name, value in headers if not name.startswith(_ABOUT_ONE_REQUEST))


async def _pieces(body: bytes) -> AsyncGenerator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]
