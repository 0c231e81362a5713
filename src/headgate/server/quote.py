"""`POST /v1/quote`: what a request would cost and who would decide, with any front door's body."""

import msgspec

from headgate.domain.errors import BadRequest, Fault, GatewayError, NotAllowed
from headgate.infra import clock
from headgate.pipeline.doors import CHAT, DOORS, EMBEDDINGS, MESSAGES, Door, Envelope, find_door
from headgate.pipeline.quotes import Quotes
from headgate.pipeline.request import Request
from headgate.server.exchange import ClientGoneError, Exchange
from headgate.server.http import (
    IncomingBody,
    attribution_of,
    headers_of,
    key_hash_of,
    send_error,
)

PATH = "/v1/quote"
DOOR_HEADER = "x-headgate-endpoint"
"""Names the front door whose body it is, its model and query included where they stand in the path; without it the
body tells."""

_encode = msgspec.json.Encoder(decimal_format="number").encode
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


async def serve_quote(quotes: Quotes, exchange: Exchange, *, max_body_bytes: int) -> None:
    """Answer one call."""
    request_id = clock.request_id()
    incoming = IncomingBody(exchange, {}, max_body_bytes)
    envelope = CHAT.envelope
    try:
        if exchange.method != "POST":
            message = f"{PATH} takes POST only."
            raise NotAllowed(message, code="method_not_allowed")
        headers = headers_of(exchange)
        incoming = IncomingBody(exchange, headers, max_body_bytes)
        body = await incoming.read()
        door = _door_of(headers, body)
        envelope = door.envelope
        path, _, query = headers.get(DOOR_HEADER, door.path).partition("?")
        quote = await quotes.answer(
            Request(
                id=request_id,
                door=door,
                arrived_at=clock.now(),
                started=clock.monotonic(),
                key_hash=key_hash_of(headers, exchange.query if envelope is Envelope.GEMINI else ""),
                headers=headers,
                attribution=attribution_of(headers),
                body=body,
                path=path,
                query=query,
            )
        )
    except ClientGoneError:
        return
    except GatewayError as error:
        await incoming.discard()
        send_error(exchange, error, envelope, request_id)
    except Exception as error:  # noqa: BLE001 - no traceback reaches a client
        await incoming.discard()
        fault = Fault(repr(error))
        fault.__cause__ = error
        send_error(exchange, fault, envelope, request_id)
    else:
        told = [(b"content-type", b"application/json"), (b"x-request-id", request_id.encode())]
        exchange.respond(200, told, _encode(quote))


def _door_of(headers: dict[str, str], body: bytes) -> Door:
    named = headers.get(DOOR_HEADER)
    if named is not None:
        door = find_door(named.partition("?")[0])
        if door is None:
            raise BadRequest(
                f"{DOOR_HEADER} is {named!r}: name one of {', '.join(sorted(DOORS))}.",
                code="invalid_value",
                param=DOOR_HEADER,
            )
        return door
    if "anthropic-version" in headers:
        return MESSAGES
    try:
        fields = _fields.decode(body)
    except msgspec.DecodeError:
        # The door says what is wrong with it.
        return CHAT
    return EMBEDDINGS if "input" in fields and "messages" not in fields else CHAT
