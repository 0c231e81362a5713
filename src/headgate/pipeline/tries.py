"""One attempt until its answer begins: sent, waited for as long as it may take, classified."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from headgate.domain.errors import UpstreamError, UpstreamRejected, UpstreamTimeout
from headgate.domain.outcome import Outcome
from headgate.pipeline.answers import rejected, rejection, whole
from headgate.pipeline.assess import Asking
from headgate.pipeline.attempt import Attempt
from headgate.pipeline.config import Config
from headgate.pipeline.cut import PaidStream
from headgate.pipeline.outside import Outside
from headgate.pipeline.ports import UpstreamAnswer
from headgate.pipeline.prepare import Prepared
from headgate.pipeline.relay import Feeder, Relay
from headgate.pipeline.request import Reply
from headgate.pipeline.story import Story
from headgate.pipeline.topup import TopUp
from headgate.routing.failures import Finding, finding_of


class Begun(NamedTuple):
    """An attempt whose answer is the client's."""

    prepared: Prepared
    reply: Reply | None
    """A whole answer, settled."""
    relay: Relay | None
    """A streamed one, of which at most what `Relay.begin` kept back was read."""


class Failed(Exception):
    """An attempt came to nothing that a client has seen. It is settled, but not on record yet."""

    def __init__(self, error: UpstreamError, prepared: Prepared, answer: UpstreamAnswer | None) -> None:
        """`answer`: the provider's error answer, headers only."""
        super().__init__(error.message)
        self.error = error
        self.attempt = prepared.attempt
        self.finding: Finding = finding_of(error)
        self.retry_after_s = _retry_after(answer) if answer is not None else None
        if answer is not None and answer.header("x-should-retry") == "false":
            self.finding = self.finding._replace(retry=False)
        self._exchange = prepared.exchange
        self._answer = answer

    def deliver(self, story: Story, *, tried_again: bool) -> Reply:
        """End the request with it: the provider's own words where the client speaks its format.

        Args:
            story: of the request.
            tried_again: this was not the first attempt; an SDK that repeats them all would multiply them.

        Raises:
            UpstreamError: for the door to render.
        """
        if tried_again:
            self.error.should_retry = False
        if not isinstance(self.error, UpstreamRejected) or self._answer is None:
            raise self.error
        reply = rejected(self.error, self._exchange, self.attempt, self._answer)
        story.end_with(self.error)
        return reply


class Trial:
    """Sends the attempts of one request."""

    def __init__(self, asking: Asking, config: Config, story: Story, outside: Outside) -> None:
        """Nothing is sent yet."""
        self._asking = asking
        self._config = config
        self._story = story
        self._outside = outside

    async def send(self, prepared: Prepared, *, last: bool) -> Begun:
        """Send it, and wait until its answer begins: whole, or with the first content of a stream.

        A stream is looked into only where something else could be tried (not `last`), or where there is a time limit.

        Raises:
            Failed: it came to nothing.
        """
        attempt = prepared.attempt
        target, health = attempt.target, self._outside.health
        limit = self._limit_s(prepared)
        try:
            if limit is None:
                begun = await self._send(prepared, look=not last)
            else:
                async with asyncio.timeout(limit):
                    begun = await self._send(prepared, look=True)
        except TimeoutError:
            error = UpstreamTimeout(
                f"{target.provider.title} did not begin to answer within {limit:g} s.",
                provider=target.provider.name,
                unbilled=not attempt.opened,
            )
            attempt.settle(Outcome.ESTIMATED if attempt.opened else Outcome.UNREACHED, error=error.code)
            failed = Failed(error, prepared, None)
        except Failed as found:
            failed = found
        else:
            health.began(target.deployment_id, (self._outside.clock.monotonic() - attempt.began) * 1000)
            if begun.relay is None:
                health.succeeded(target.deployment_id)
            return begun
        health.failed(target.deployment_id, failed.finding, since=attempt.began, retry_after_s=failed.retry_after_s)
        raise failed

    async def _send(self, prepared: Prepared, *, look: bool) -> Begun:
        attempt, exchange, _ = prepared
        target, request = attempt.target, self._asking.request
        headers: Mapping[str, str] = target.headers(exchange.format, request.headers) | {
            "x-request-id": request.id,
            "x-headgate-attempt": str(attempt.sent.attempt),
            **exchange.request_headers,
        }
        url = exchange.url
        answer: UpstreamAnswer | None = None
        try:
            if target.provider.auth.signs:
                # None of those that sign take forms.
                assert isinstance(exchange.body, bytes)
                headers = await self._signed(attempt, url, headers, exchange.body)
            answer = await attempt.send(self._outside.upstream, url, headers, exchange.body, stream=exchange.relays)
            self._story.answered()
            if answer.status >= 300:
                error = await rejection(exchange, attempt, answer)
                raise Failed(error, prepared, answer)
            if not exchange.receive(answer):
                return Begun(prepared, await whole(exchange, attempt, answer), None)
            relay = Relay(self._feeder(prepared), attempt, answer, self._story, self._outside)
            if look:
                await relay.begin()
            return Begun(prepared, None, relay)
        except UpstreamError as error:
            raise Failed(error, prepared, None) from error
        except asyncio.CancelledError:
            # Too late, or somebody else answered: nobody reads this any more.
            if answer is not None:
                await answer.close()
            raise

    async def _signed(self, attempt: Attempt, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        try:
            return await self._outside.signer.sign(attempt.target, "POST", url, headers, body)
        except UpstreamError as error:
            # Nothing was sent, so that there is nothing to open.
            attempt.settle(Outcome.UNREACHED, error=error.code)
            raise

    def _feeder(self, prepared: Prepared) -> Feeder:
        attempt, exchange, secured = prepared
        part = secured.part
        if part is None:
            return Feeder(exchange, None)
        top_up = TopUp(part, attempt, self._config, journal=self._outside.journal, treasury=self._outside.treasury)
        return Feeder(
            exchange, PaidStream(exchange, paid=part.paid, most=part.most, more=top_up.more, prompt=part.prompt())
        )

    def _limit_s(self, prepared: Prepared) -> float | None:
        """The shorter of what the deployment and what the task may take."""
        limits = [prepared.attempt.target.timeout_ms]
        if timeouts := self._asking.organization.task_timeouts_ms:
            limits.append(timeouts.get(self._story.attribution.task or ""))
        given = [limit for limit in limits if limit is not None]
        return min(given) / 1000 if given else None


def _retry_after(answer: UpstreamAnswer) -> float | None:
    """How long the provider wants us to wait, seconds. A date, which some send, is read as "not said"."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = answer.header(name)
        if text is not None:
            try:
                wait = float(text) * scale
            except ValueError:
                continue
            if 0 <= wait < float("inf"):
                return wait
    return None
