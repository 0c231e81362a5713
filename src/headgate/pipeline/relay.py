"""A streamed answer on its way from the provider to the client.

`begin` reads on until the first content, as long as there is something else to try: up to there a client has seen
nothing, so that a stream that breaks is no answer yet. From there on the stream is the client's.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import NamedTuple

from headgate.domain.errors import UpstreamBroken, UpstreamError
from headgate.pipeline.answers import answer_headers, unsayable
from headgate.pipeline.attempt import Attempt
from headgate.pipeline.cut import CUT_SHORT, PaidStream
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.outside import Outside
from headgate.pipeline.ports import UpstreamAnswer
from headgate.pipeline.request import Reply
from headgate.pipeline.story import Story
from headgate.routing.failures import finding_of
from headgate.translate.codec import UntranslatableError


class Feeder(NamedTuple):
    """A stream's way through an exchange, and the purse that pays for it where its hold was not placed whole."""

    exchange: Exchange
    paid: PaidStream | None


class Relay:
    """One successful streamed answer. Its reply's stream settles the attempt: it must be read to its end, or closed."""

    def __init__(
        self, feeder: Feeder, attempt: Attempt, answer: UpstreamAnswer, story: Story, outside: Outside
    ) -> None:
        """Nothing is read yet."""
        self._outside = outside
        self._feeder = feeder
        self._attempt = attempt
        self._answer = answer
        self._story = story
        self._chunks = answer.chunks()
        self._kept_back: list[bytes] = []

    async def begin(self) -> None:
        """Read until there is content, or the whole answer.

        Raises:
            UpstreamError: it broke, or told of an error, before any content; the attempt is settled, the answer closed.
        """
        exchange, paid = self._feeder
        try:
            async for chunk in self._chunks:
                passed = exchange.feed(chunk) if paid is None else await paid.feed(chunk)
                if passed:
                    self._kept_back.append(passed)
                reading = exchange.reading
                if reading.has_content or reading.ended or self._is_cut:
                    return
                if reading.error is not None:
                    raise self._broken(reading.error)
            if not exchange.reading.complete:
                raise self._broken("the stream ended before it began")
        except UpstreamError as error:
            await self._give_up(error)
            raise
        except UntranslatableError as error:
            raise await self._give_up(unsayable(self._attempt, error)) from error

    async def drain(self) -> None:
        """Nobody reads this answer: read it to its end, for a bounded time, so that its usage is the provider's."""
        exchange = self._feeder.exchange
        error: str | None = "drain_limit"
        try:
            async with asyncio.timeout(self._outside.drain_s):
                async for chunk in self._chunks:
                    exchange.feed(chunk)
                exchange.finish()
            error = None
        except UpstreamError as broken:
            error = broken.code
        except (TimeoutError, UntranslatableError):
            pass
        finally:
            self._attempt.settle_answer(exchange.reading, error=error)
            await self._answer.close()

    async def reply(self) -> Reply:
        """The reply, whose stream goes on from here."""
        exchange = self._feeder.exchange
        headers = answer_headers(self._answer, self._attempt, exchange.content_type)
        if (length := exchange.content_length) is not None:
            headers.append((b"content-length", length.encode("latin-1")))
        reply = Reply(status=self._answer.status, headers=headers)
        reply.stream = self._run(reply)
        # A generator that never began would not settle when it is closed.
        await anext(reply.stream)
        return reply

    @property
    def _is_cut(self) -> bool:
        paid = self._feeder.paid
        return paid is not None and paid.is_cut

    def _broken(self, reason: str) -> UpstreamBroken:
        name = self._attempt.target.provider.name
        return UpstreamBroken(f"The answer of {name} broke off: {reason}.", provider=name, unbilled=False)

    async def _give_up(self, error: UpstreamError) -> UpstreamError:
        self._attempt.settle_answer(self._feeder.exchange.reading, error=error.code)
        await self._answer.close()
        return error

    async def _run(self, reply: Reply) -> AsyncGenerator[bytes]:
        exchange, paid = self._feeder
        clock, drain_s = self._outside.clock, self._outside.drain_s
        attempt, story = self._attempt, self._story
        error: UpstreamError | None = None
        cut: str | None = "abandoned"
        tail = b""
        try:
            yield b""
            passed, self._kept_back = b"".join(self._kept_back), []
            if passed and not self._is_cut:
                await self._before(reply)
                yield passed
            if not self._is_cut:
                async for chunk in self._chunks:
                    if reply.client_gone_at is not None and clock.monotonic() - reply.client_gone_at > drain_s:
                        cut = "drain_limit"
                        return
                    # The common case without another coroutine: this is the hot path of every chunk.
                    passed = exchange.feed(chunk) if paid is None else await paid.feed(chunk)
                    if paid is not None and paid.is_cut:
                        break
                    if passed:
                        if exchange.reading.ended or not story.has_content:
                            await self._before(reply)
                        yield passed
            tail, cut = await self._end(passed)
        except UpstreamError as broken:
            error, cut = broken, broken.code
        except UntranslatableError as unsaid:
            cut = "untranslatable_answer"
            error = unsayable(attempt, unsaid)
        finally:
            # Before the last byte goes to the client, and whatever happens to it.
            self._tell_health(error)
            try:
                attempt.settle_answer(exchange.reading, error=cut)
                story.end(status=self._answer.status, reply=reply, error=error.message if error else None)
            finally:
                await self._answer.close()
        yield exchange.broken(error) if error else tail

    def _tell_health(self, error: UpstreamError | None) -> None:
        deployment, health = self._attempt.target.deployment_id, self._outside.health
        if error is None:
            health.succeeded(deployment)
        else:
            health.failed(deployment, finding_of(error), since=self._attempt.began)

    async def _end(self, passed: bytes) -> tuple[bytes, str | None]:
        """The last bytes, and whether the stream was cut."""
        if self._is_cut:
            # Its last event is among what passed: after it is on record, nothing more is read.
            return passed, CUT_SHORT
        tail = self._feeder.exchange.finish()
        await self._attempt.cover(self._feeder.exchange.reading)
        return tail, None

    async def _before(self, reply: Reply) -> None:
        """What must be on record before these bytes pass."""
        reading = self._feeder.exchange.reading
        if not self._story.has_content and reading.has_content:
            self._story.content_seen()
        if reading.ended:
            # A client that has the last event has a whole answer: what it cost must be on record before.
            await self._attempt.cover(reading)
            self._attempt.settle_answer(reading)
            self._story.end(status=self._answer.status, reply=reply)
