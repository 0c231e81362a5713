"""`POST /v1/quote`: what a request would cost and who would decide, with any front door's body."""

import msgspec

from headgate.domain.errors import BadRequest, Fault, GatewayError, NotAllowed
from headgate.infra import clock
from headgate.pipeline.doors import CHAT, DOORS, EMBEDDINGS, MESSAGES, Door, Envelope, find_door
from headgate.pipeline.quotes import Quotes
from headgate.pipeline.request import Request
from headgate.server.exchange import ClientGoneError, Exchange
from headgate.server.forms import Reception
from headgate.server.http import (
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


async def serve_quote(quotes: Quotes, exchange: Exchange, reception: Reception) -> None:
    """Answer one call."""
    request_id = clock.request_id()
    incoming = reception.body(exchange, {}, form=False)
    envelope = CHAT.envelope
    try:
        if exchange.method != "POST":
            message = f"{PATH} takes POST only."
            raise NotAllowed(message, code="method_not_allowed")
        headers = headers_of(exchange)
        door = _named_door(headers)
        form = door is not None and door.form
        incoming = reception.body(exchange, headers, form=form)
        body = b"" if form else await incoming.read()
        door = door or _door_of(headers, body)
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
                incoming=reception.form(incoming, headers) if form else None,
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


def _named_door(headers: dict[str, str]) -> Door | None:
    named = headers.get(DOOR_HEADER)
    if named is None:
        return None
    door = find_door(named.partition("?")[0])
    if door is None:
        raise BadRequest(
            f"{DOOR_HEADER} is {named!r}: name one of {', '.join(sorted(DOORS))}.",
            code="invalid_value",
            param=DOOR_HEADER,
        )
    return door


def _door_of(headers: dict[str, str], body: bytes) -> Door:
    if "anthropic-version" in headers:
        return MESSAGES
    try:
        fields = _fields.decode(body)
    except msgspec.DecodeError:
        # The door says what is wrong with it.
        return CHAT
    return EMBEDDINGS if "input" in fields and "messages" not in fields else CHAT
