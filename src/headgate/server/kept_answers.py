"""`/v1/responses/{id}`: answers that a provider keeps (`pipeline/kept_calls.py`)."""

from typing import Final

from headgate.domain.errors import Fault, GatewayError
from headgate.pipeline.kept_calls import DOOR, KeptCalls
from headgate.pipeline.kept_calls import PREFIX as PREFIX
from headgate.pipeline.ports import Clock
from headgate.pipeline.request import Request
from headgate.server.exchange import ClientGoneError, Exchange
from headgate.server.http import IncomingBody, attribution_of, headers_of, key_hash_of, send_error

MAX_BODY_BYTES: Final = 64 * 1024
"""Of a request that needs none."""


class KeptHandler:
    """Serves calls; counts those that are running, so that a shutdown can wait for them."""

    def __init__(self, calls: KeptCalls, clock: Clock) -> None:
        """Take what answers."""
        self._calls = calls
        self._clock = clock
        self.running = 0

    async def __call__(self, exchange: Exchange) -> None:
        """Serve one call to its end."""
        self.running += 1
        try:
            await self._serve(exchange)
        finally:
            self.running -= 1

    async def _serve(self, exchange: Exchange) -> None:
        request_id = self._clock.request_id()
        try:
            started, arrived_at = self._clock.monotonic(), self._clock.now()
            headers = headers_of(exchange)
            if exchange.method not in {"GET", "DELETE"}:
                await IncomingBody(exchange, headers, MAX_BODY_BYTES).read()
            request = Request(
                id=request_id,
                door=DOOR,
                arrived_at=arrived_at,
                started=started,
                key_hash=key_hash_of(headers),
                headers=headers,
                attribution=attribution_of(headers),
                body=b"",
                path=exchange.path,
                query=exchange.query,
            )
            reply = await self._calls.run(exchange.method, request)
        except ClientGoneError:
            return
        except GatewayError as error:
            send_error(exchange, error, DOOR.envelope, request_id)
        except Exception as error:  # noqa: BLE001 - no traceback reaches a client
            fault = Fault(repr(error))
            fault.__cause__ = error
            send_error(exchange, fault, DOOR.envelope, request_id)
        else:
            exchange.respond(reply.status, reply.headers, reply.body)
