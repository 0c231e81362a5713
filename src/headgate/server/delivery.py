"""One streamed answer on its way to a client who may be slow, stall, or hang up; it is read to its end anyway."""

import asyncio
import contextlib
from typing import Any

import structlog

from headgate.pipeline.ports import Clock
from headgate.pipeline.request import Reply
from headgate.server.exchange import Exchange

MAX_SEND_S = 60.0
"""A client that takes nothing for so long has hung up, whatever its connection says."""

_log = structlog.get_logger()


class Delivery:
    """Sends one reply's stream."""

    def __init__(self, reply: Reply, exchange: Exchange, clock: Clock) -> None:
        """Take a reply that has a stream."""
        self._reply = reply
        self._exchange = exchange
        self._clock = clock
        self._sending_since: float | None = None
        self._task: asyncio.Task[Any] | None = None
        self._gave_up = False

    async def run(self) -> None:
        """Send the stream to its end; when the client hangs up, go on reading, for the usage is owed."""
        reply, stream = self._reply, self._reply.stream
        if stream is None:
            return
        self._task = asyncio.current_task()
        watcher = asyncio.ensure_future(self._watch())
        try:
            self._exchange.open_stream(reply.status, reply.headers)
            async for chunk in stream:
                if chunk and reply.client_gone_at is None:
                    await self._tell(chunk)
            self._exchange.end_stream()
        finally:
            watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watcher
            await stream.aclose()
            self._exchange.end_stream()

    def give_up_if_stalled(self, now: float) -> None:
        """Take a client for gone that has taken nothing for `MAX_SEND_S`; called once in a while from outside.

        A timer per chunk would cost more than everything else that is done for a chunk.
        """
        since, task = self._sending_since, self._task
        if since is None or task is None or self._gave_up or now - since <= MAX_SEND_S:
            return
        self._gave_up = True
        if self._reply.client_gone_at is None:
            self._reply.client_gone_at = now
        # Also when the hang-up was seen: what is being sent to nobody may never return.
        task.cancel()

    async def _tell(self, chunk: bytes) -> None:
        self._sending_since = self._clock.monotonic()
        try:
            await self._exchange.send(chunk)
        except asyncio.CancelledError:
            if not self._gave_up or self._task is None:
                raise
            # Ours, out of `give_up_if_stalled`: the stream goes on without its client.
            self._task.uncancel()
        except Exception as error:  # noqa: BLE001 - closed, too: the client is not there any more
            _log.debug("client_gone", reason=repr(error))
            self._reply.client_gone_at = self._clock.monotonic()
        finally:
            self._sending_since = None

    async def _watch(self) -> None:
        await self._exchange.gone()
        self._reply.client_gone_at = self._clock.monotonic()
