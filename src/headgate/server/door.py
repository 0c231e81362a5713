"""One call at a front door: bytes in, pipeline, bytes out; errors in the door's envelope."""

from headgate.domain.errors import Fault, GatewayError, NotAllowed
from headgate.domain.ids import RequestId
from headgate.pipeline.call import Pipeline
from headgate.pipeline.doors import Door, Envelope
from headgate.pipeline.ports import Clock
from headgate.pipeline.request import Reply, Request
from headgate.server.delivery import Delivery
from headgate.server.exchange import ClientGoneError, Exchange
from headgate.server.forms import Reception
from headgate.server.http import (
    IncomingBody,
    attribution_of,
    headers_of,
    key_hash_of,
    send_error,
)


class DoorHandler:
    """Serves calls; counts those that are running, so that a shutdown can wait for them."""

    def __init__(self, pipeline: Pipeline, clock: Clock, reception: Reception) -> None:
        """Take the pipeline."""
        self._pipeline = pipeline
        self._clock = clock
        self._reception = reception
        self._deliveries: set[Delivery] = set()
        self.running = 0

    def end_stalls(self) -> None:
        """Take clients for gone that have stopped taking their streams; called once in a while."""
        now = self._clock.monotonic()
        for delivery in list(self._deliveries):
            delivery.give_up_if_stalled(now)

    async def __call__(self, door: Door, exchange: Exchange) -> None:
        """Serve one call to its end."""
        self.running += 1
        try:
            await self._serve(door, exchange)
        finally:
            self.running -= 1

    async def _serve(self, door: Door, exchange: Exchange) -> None:
        request_id = self._clock.request_id()
        incoming = self._reception.body(exchange, {}, form=door.form)
        try:
            if exchange.method != "POST":
                message = f"{door.path} takes POST only."
                raise NotAllowed(message, code="method_not_allowed")
            started, arrived_at = self._clock.monotonic(), self._clock.now()
            headers = headers_of(exchange)
            incoming = self._reception.body(exchange, headers, form=door.form)
            request = Request(
                id=request_id,
                door=door,
                arrived_at=arrived_at,
                started=started,
                key_hash=key_hash_of(headers, exchange.query if door.envelope is Envelope.GEMINI else ""),
                headers=headers,
                attribution=attribution_of(headers),
                body=b"" if door.form else await incoming.read(),
                incoming=self._reception.form(incoming, headers) if door.form else None,
                path=exchange.path,
                query=exchange.query,
            )
            reply = await self._pipeline.run(request)
        except ClientGoneError:
            return
        except GatewayError as error:
            await self._refuse(error, door, request_id, incoming, exchange)
        except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a client
            fault = Fault(repr(error))
            fault.__cause__ = error
            await self._refuse(fault, door, request_id, incoming, exchange)
        else:
            if reply.stream is None:
                exchange.respond(reply.status, reply.headers, reply.body)
            else:
                await self._deliver(reply, exchange)

    async def _refuse(
        self, error: GatewayError, door: Door, request_id: RequestId, incoming: IncomingBody, exchange: Exchange
    ) -> None:
        await incoming.discard()
        send_error(exchange, error, door.envelope, request_id, limit=door.limit)

    async def _deliver(self, reply: Reply, exchange: Exchange) -> None:
        delivery = Delivery(reply, exchange, self._clock)
        self._deliveries.add(delivery)
        try:
            await delivery.run()
        finally:
            self._deliveries.discard(delivery)
