"""From the provider's answer to the client's: rejected, whole, or streamed."""

from collections.abc import AsyncGenerator
from typing import NamedTuple

from headgate.domain.errors import UpstreamBroken, UpstreamError, UpstreamRejected
from headgate.domain.money import nano_to_usd
from headgate.pipeline.attempt import Attempt
from headgate.pipeline.cut import CUT_SHORT, PaidStream
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.ports import Clock, UpstreamAnswer
from headgate.pipeline.request import Reply
from headgate.pipeline.story import Story
from headgate.translate.codec import UntranslatableError

JSON = "application/json"
EVENT_STREAM = "text/event-stream; charset=utf-8"
_PASSED_HEADERS = ("retry-after", "retry-after-ms", "x-should-retry")


async def rejected(exchange: Exchange, attempt: Attempt, answer: UpstreamAnswer, story: Story) -> Reply:
    """The provider answered with an error: its own status and body in the same format, our envelope in another.

    Raises:
        UpstreamRejected: the formats differ, so that the door renders it.
        UpstreamBroken: it is a redirect.
    """
    body = await attempt.read(answer)
    if answer.status < 400:
        attempt.settle_rejection(readable=False)
        message = f"The provider answered with a redirect ({answer.status}), which is not followed; check its address."
        raise UpstreamBroken(message, provider=attempt.target.provider.name, unbilled=False)
    unbilled = attempt.settle_rejection(readable=body.lstrip()[:1] == b"{")
    error = UpstreamRejected(
        exchange.error_message(answer.status, body),
        provider=attempt.target.provider.name,
        unbilled=unbilled,
        status=answer.status,
        body=body,
    )
    if exchange.translates:
        raise error
    story.end_with(error)
    return Reply(status=answer.status, headers=_headers(answer, attempt, None), body=body)


async def whole(exchange: Exchange, attempt: Attempt, answer: UpstreamAnswer, story: Story) -> Reply:
    """A successful answer that is not streamed.

    Raises:
        UpstreamBroken: it cannot be said in the client's format; what it cost is booked.
    """
    body = await attempt.read(answer)
    try:
        rendered = exchange.answer(body)
    except UntranslatableError as error:
        attempt.settle_answer(exchange.reading)
        raise UpstreamBroken(
            f"The provider's answer cannot be said in this format: {error}.",
            provider=attempt.target.provider.name,
            unbilled=False,
        ) from error
    await attempt.cover(exchange.reading)
    attempt.settle_answer(exchange.reading)
    story.end(status=answer.status)
    return Reply(status=answer.status, headers=_headers(answer, attempt, JSON), body=rendered)


class Feeder(NamedTuple):
    """A stream's way through an exchange, and the purse that pays for it where its hold was not placed whole."""

    exchange: Exchange
    paid: PaidStream | None


async def streamed(
    feeder: Feeder, attempt: Attempt, answer: UpstreamAnswer, story: Story, clock: Clock, drain_s: float
) -> Reply:
    """A successful streamed answer. Its stream settles the attempt, so it must be read to its end, or closed."""
    reply = Reply(status=answer.status, headers=_headers(answer, attempt, EVENT_STREAM))
    reply.stream = _relay(feeder, attempt, answer, story, reply, clock, drain_s)
    # A generator that never began would not settle when it is closed.
    await anext(reply.stream)
    return reply


async def _relay(
    feeder: Feeder,
    attempt: Attempt,
    answer: UpstreamAnswer,
    story: Story,
    reply: Reply,
    clock: Clock,
    drain_s: float,
) -> AsyncGenerator[bytes]:
    exchange, paid = feeder
    error: UpstreamError | None = None
    cut: str | None = "abandoned"
    tail = b""
    try:
        yield b""
        async for chunk in answer.chunks():
            if reply.client_gone_at is not None and clock.monotonic() - reply.client_gone_at > drain_s:
                cut = "drain_limit"
                return
            # The common case without another coroutine: this is the hot path of every chunk.
            passed = exchange.feed(chunk) if paid is None else await paid.feed(chunk)
            if paid is not None and paid.is_cut:
                # Its last event is among what passed: after it is on record, nothing more is read.
                tail, cut = passed, CUT_SHORT
                break
            if passed:
                if not story.has_content and exchange.reading.has_content:
                    story.content_seen()
                if exchange.reading.ended:
                    # A client that has the last event has a whole answer: what it cost must be on record before.
                    await attempt.cover(exchange.reading)
                    attempt.settle_answer(exchange.reading)
                    story.end(status=answer.status, reply=reply)
                yield passed
        else:
            tail, cut = exchange.finish(), None
            await attempt.cover(exchange.reading)
    except UpstreamError as broken:
        error, cut = broken, broken.code
    except UntranslatableError as unsayable:
        cut = "untranslatable_answer"
        error = UpstreamBroken(
            f"The provider's answer cannot be said in this format: {unsayable}.",
            provider=attempt.target.provider.name,
            unbilled=False,
        )
    finally:
        # Before the last byte goes to the client, and whatever happens to it.
        try:
            attempt.settle_answer(exchange.reading, error=cut)
            story.end(status=answer.status, reply=reply, error=error.message if error else None)
        finally:
            await answer.close()
    yield exchange.broken(error) if error else tail


def _headers(answer: UpstreamAnswer, attempt: Attempt, content_type: str | None) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-type", (content_type or answer.header("content-type") or JSON).encode("latin-1")),
        (b"x-request-id", attempt.sent.request_id.encode()),
        # Where Anthropic's SDK looks for it.
        (b"request-id", attempt.sent.request_id.encode()),
        (b"x-headgate-deployment", attempt.sent.deployment_id.encode()),
        *attempt.headers,
    ]
    if (remaining := attempt.remaining()) is not None:
        headers.append((b"x-headgate-budget-remaining-usd", f"{nano_to_usd(remaining):f}".encode()))
    settled = attempt.settled
    if settled is not None and settled.cost is not None:
        headers.append((b"x-headgate-cost-usd", f"{nano_to_usd(settled.cost):f}".encode()))
    if attempt.upstream_request_id:
        headers.append((b"x-headgate-upstream-request-id", attempt.upstream_request_id.encode("latin-1", "replace")))
    if answer.status >= 400:
        passed = ((name, answer.header(name)) for name in _PASSED_HEADERS)
        headers += [(name.encode(), value.encode("latin-1", "replace")) for name, value in passed if value]
    return headers
