"""What the layer takes Granian for, asked of Granian itself over sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from headgate.domain.errors import BadRequest
from headgate.server.exchange import ClientGoneError
from headgate.server.rsgi import RsgiExchange, application
from tests.kit.gateway import free_port

Handler = Callable[[RsgiExchange], Awaitable[None]]

POST = b"POST / HTTP/1.1\r\nhost: x\r\n"
STREAM = [(b"content-type", b"text/event-stream")]


class Served:
    """A server whose handler each test sets."""

    def __init__(self) -> None:
        self.port = free_port()
        self.handler: Handler | None = None

    async def __call__(self, exchange: RsgiExchange) -> None:
        assert self.handler is not None
        await self.handler(exchange)

    async def connect(self, said: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(said)
        return reader, writer

    async def ask(self, said: bytes) -> tuple[bytes, bytes]:
        """Head and body of the answer to a request on a connection of its own."""
        reader, writer = await self.connect(said.replace(b"host: x\r\n", b"host: x\r\nconnection: close\r\n", 1))
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        return head, body


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    app = Served()
    server = Server(
        application(app), port=app.port, interface=Interfaces.RSGI, http=HTTPModes.http1, websockets=False,
        log_enabled=False, log_level=LogLevels.error,
    )  # fmt: skip
    serving = asyncio.ensure_future(server.serve())
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await app.connect()
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                break
    yield app
    server.stop()
    await serving


async def test_what_is_known_of_a_request_is_told(served: Served):
    told: list[object] = []

    async def handler(exchange: RsgiExchange) -> None:
        told.extend([exchange.method, exchange.path, exchange.query, exchange.scheme, exchange.client])
        told.extend([exchange.header_fields(), sorted(exchange.header_names()), await exchange.body()])
        exchange.respond(200, [], b"")

    served.handler = handler
    await served.ask(b"PUT /a%20b%C3%A9?q=%20 HTTP/1.1\r\nhost: x\r\nX-A: 1\r\nx-a: 2\r\nx-b: caf\xe9\r\n\r\n")
    assert ["PUT", "/a bé", "q=%20", "http", "127.0.0.1"] == told[:5]
    assert [("host", "x"), ("connection", "close"), ("x-a", "1"), ("x-a", "2")] == told[5]
    assert [["connection", "host", "x-a", "x-b"], b""] == told[6:]


async def test_an_address_loses_its_brackets_and_its_port():
    class Scope:
        client = "[::1]:4711"

    assert "::1" == RsgiExchange(Scope(), None).client


async def test_a_whole_answer_has_its_length_and_its_headers_byte_for_byte(served: Served):
    async def handler(exchange: RsgiExchange) -> None:
        exchange.respond(203, [(b"x-a", b"1"), (b"x-a", "é".encode()), (b"content-type", b"a/b")], bytes(range(256)))

    served.handler = handler
    head, body = await served.ask(POST + b"\r\n")
    assert head.startswith(b"HTTP/1.1 203 ")
    assert bytes(range(256)) == body
    for field in (b"x-a: 1", "x-a: é".encode(), b"content-type: a/b", b"content-length: 256"):
        assert field in head.split(b"\r\n")
    head, body = await served.ask(b"HEAD / HTTP/1.1\r\nhost: x\r\n\r\n")
    assert b"content-length: 256" in head.split(b"\r\n")
    assert b"" == body


async def test_a_header_that_is_no_text_does_not_keep_the_answer_back(served: Served):
    async def handler(exchange: RsgiExchange) -> None:
        exchange.respond(200, [(b"x-a", b"caf\xe9"), (b"x-b", b"b")], b"whole")

    served.handler = handler
    head, body = await served.ask(POST + b"\r\n")
    assert (True, b"whole") == (b"x-b: b" in head, body)


@pytest.mark.parametrize("in_parts", [False, True])
@pytest.mark.parametrize(
    "framed",
    [
        b"content-length: 5\r\n\r\n12345",
        b"transfer-encoding: chunked\r\n\r\n3\r\n123\r\n2\r\n45\r\n0\r\n\r\n",
    ],
)
async def test_a_body_is_read_in_one_piece_or_by_parts(served: Served, framed: bytes, in_parts: bool):
    async def handler(exchange: RsgiExchange) -> None:
        read = b""
        if in_parts:
            while part := await exchange.part():
                read += part
        else:
            read = await exchange.body()
        exchange.respond(200, [], read)

    served.handler = handler
    assert b"12345" == (await served.ask(POST + framed))[1]
    assert b"" == (await served.ask(POST + b"\r\n"))[1]


@pytest.mark.parametrize("in_parts", [False, True])
@pytest.mark.parametrize("framed", [b"content-length: 5\r\n\r\n123", b"transfer-encoding: chunked\r\n\r\n3\r\n123\r\n"])
async def test_a_body_that_breaks_off_is_never_taken_for_a_whole_one(served: Served, framed: bytes, in_parts: bool):
    raised: asyncio.Queue[type[Exception]] = asyncio.Queue()

    async def handler(exchange: RsgiExchange) -> None:
        try:
            while in_parts and await exchange.part():
                """Go on."""
            if not in_parts:
                await exchange.body()
        except (BadRequest, ClientGoneError) as error:
            raised.put_nowait(type(error))
        else:
            raised.put_nowait(Exception)

    served.handler = handler
    _, writer = await served.connect(POST + framed)
    await writer.drain()
    writer.close()
    assert (BadRequest if in_parts else ClientGoneError) is await raised.get()


async def test_a_stream_ends_when_it_is_told_to_whoever_still_holds_the_exchange(served: Served):
    held: list[RsgiExchange] = []

    async def handler(exchange: RsgiExchange) -> None:
        held.append(exchange)
        exchange.open_stream(200, STREAM)
        for chunk in (b"1", b"22"):
            await exchange.send(chunk)
        exchange.end_stream()
        exchange.end_stream()
        with pytest.raises(ClientGoneError):
            await exchange.send(b"3")

    served.handler = handler
    head, body = await served.ask(POST + b"\r\n")
    assert b"transfer-encoding: chunked" in head
    assert b"1\r\n1\r\n2\r\n22\r\n0\r\n\r\n" == body
    assert 1 == len(held)


async def test_a_hang_up_is_seen_also_after_many_streams_on_the_same_connection(served: Served):
    last = asyncio.Event()
    refused: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    async def handler(exchange: RsgiExchange) -> None:
        watcher = asyncio.ensure_future(exchange.gone())
        exchange.open_stream(200, STREAM)
        await exchange.send(b"chunk")
        if exchange.path == "/last":
            last.set()
            await watcher
            try:
                await exchange.send(b"chunk")
            except Exception as error:  # noqa: BLE001 - whatever it is, the client is not there
                refused.set_result(error)
        else:
            watcher.cancel()
        exchange.end_stream()

    served.handler = handler
    reader, writer = await served.connect()
    for _ in range(20):
        writer.write(POST + b"\r\n")
        await reader.readuntil(b"0\r\n\r\n")
    writer.write(POST.replace(b"/", b"/last", 1) + b"\r\n")
    await last.wait()
    assert not refused.done()
    writer.transport.abort()
    assert "closed" in str(await refused)
